"""The smoke test against real servers: healthy, wrong password, stopped, and one in the place of another."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import urllib.parse

import native
from smoke import redis
from smoke.settings import Address
from smoke.wire import Wire

PYTHON = native.ROOT / "docker/scripts/backend_stores_smoke_test.py"
BASH = native.ROOT / "docker/scripts/backend_stores_smoke_test.sh"
COMPOSE = "docker compose -f docker-compose.backend-stores.yml"


def smoke(variables, *arguments, script=PYTHON):
    """Exit code and output, with no other variables than these."""
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **variables}
    done = subprocess.run([script, *arguments], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def with_password(url, password):
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=f"{parts.username or ''}:{password}@{parts.hostname}:{parts.port}").geturl()


class Servers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.variables = native.start()

    def line(self, output, service):
        """The line of a service, and the one below it."""
        lines = output.splitlines()
        at = next((number for number, line in enumerate(lines) if f"  {service} " in line), None)
        self.assertIsNotNone(at, f"no line of {service} in:\n{output}")
        return lines[at], lines[at + 1]

    def test_healthy(self):
        """Postgres with pgvector, Redis, Valkey, Chroma and S3 are ok"""
        code, output = smoke(self.variables, "--require", *native.SERVICES)
        self.assertEqual(code, 0, output)
        self.assertIn("5 ok, 0 failed, 0 down", output)
        for service, words in (("postgres", ("Postgres 18", "pgvector 0.8")), ("redis", ("Redis 7", "SET, GET, DEL")),
                               ("valkey", ("Valkey 8",)), ("chroma", ("upsert, query",)),
                ("minio", ("read, deleted",))):
            line, _ = self.line(output, service)
            self.assertTrue(line.startswith("ok "), line)
            for word in words:
                self.assertIn(word, line)

    def test_leaves_nothing(self):
        """nothing that the smoke test writes is left"""
        def held():
            objects = sorted(pathlib.Path(native.state(), "s3/data").rglob("*"))
            keys = []
            for name in ("REDIS_URL", "VALKEY_URL"):
                address = Address(self.variables[name], 0)
                with Wire(address, 5) as wire:
                    if address.password:
                        redis.command(wire, b"AUTH", address.password.encode())
                    keys.append(redis.command(wire, b"DBSIZE"))
            return objects, keys

        before = held()
        code, output = smoke(self.variables, "--require", *native.SERVICES)
        self.assertEqual(code, 0, output)
        self.assertEqual(held(), before)

    def test_every_listener(self):
        """without --require, what listens is asked, and what does not is down and no failure"""
        code, output = smoke({**self.variables, "QDRANT_URL": "http://127.0.0.1:1"})
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"down .*qdrant")

    def test_wrong_password(self):
        """a wrong password is told, with the variable, and not shown"""
        wrong = {name: with_password(self.variables[name], "wrong-one") for name in ("POSTGRES_URL", "REDIS_URL")}
        code, output = smoke({**self.variables, **wrong, "MINIO_ROOT_PASSWORD": "wrong-one"}, "--require",
                             "postgres", "redis", "minio")
        self.assertEqual(code, 1)
        for service, words, variable in (
                ("postgres", "refuses the user backend or the password", "POSTGRES_URL"),
                ("redis", "refuses the password", "REDIS_URL"),
                ("minio", "refuses the keys (SignatureDoesNotMatch)", "MINIO_ROOT_PASSWORD")):
            line, remedy = self.line(output, service)
            self.assertTrue(line.startswith("FAILED"), line)
            self.assertIn(words, line)
            self.assertIn(variable, remedy)
        self.assertNotIn("wrong-one", output)

    def test_no_password(self):
        """a password that is asked for and not given is told"""
        port = urllib.parse.urlsplit(self.variables["REDIS_URL"]).port
        _, output = smoke({"REDIS_URL": f"redis://127.0.0.1:{port}"}, "--require", "redis")
        line, remedy = self.line(output, "redis")
        self.assertIn("asks for a password", line)
        self.assertIn("REDIS_URL", remedy)

    def test_needless_password(self):
        """a password for a server without one is no failure"""
        url = with_password(self.variables["VALKEY_URL"], "needless")
        code, output = smoke({"VALKEY_URL": url}, "--require", "valkey")
        self.assertEqual(code, 0, output)

    def test_valkey_for_redis(self):
        """a Valkey where Redis was named, and the other way round, is told with what to stop and start"""
        swapped = {"REDIS_URL": self.variables["VALKEY_URL"], "VALKEY_URL": self.variables["REDIS_URL"]}
        code, output = smoke(swapped, "--require", "redis", "valkey")
        self.assertEqual(code, 1)
        line, remedy = self.line(output, "redis")
        self.assertRegex(line, r"^FAILED .* is answered by Valkey 8\S+, not Redis ")
        self.assertIn(f"{COMPOSE} stop valkey, then: {COMPOSE} up -d redis", remedy)
        line, remedy = self.line(output, "valkey")
        self.assertRegex(line, r"^FAILED .* is answered by Redis 7\S+, not Valkey ")
        self.assertIn(f"{COMPOSE} stop redis, then: {COMPOSE} --profile cache-alt up -d valkey", remedy)

    def test_shared_port(self):
        """of several services on a port, the one that answers is ok and the others are down"""
        url = self.variables["VALKEY_URL"]
        code, output = smoke({"REDIS_URL": url, "VALKEY_URL": url, "KEYDB_URL": url})
        self.assertEqual(code, 0, output)
        line, _ = self.line(output, "valkey")
        self.assertTrue(line.startswith("ok"), line)
        self.assertRegex(output, r"(?m)^down .*redis, keydb")

    def test_other_service(self):
        """S3 where Chroma was named, and Chroma where Postgres was, are told"""
        variables = {"CHROMA_URL": self.variables["S3_ENDPOINT"],
                     "POSTGRES_URL": self.variables["CHROMA_URL"].replace("http", "postgres")}
        code, output = smoke(variables, "--require", "chroma", "postgres", "--timeout", "3")
        self.assertEqual(code, 1)
        self.assertIn("something else than Chroma", self.line(output, "chroma")[0])
        self.assertTrue(self.line(output, "postgres")[0].startswith("FAILED"))

    def test_missing_database(self):
        """a database that does not exist is told by its name"""
        url = self.variables["POSTGRES_URL"].removesuffix("/backend") + "/nowhere"
        _, output = smoke({"POSTGRES_URL": url}, "--require", "postgres")
        self.assertIn("there is no database nowhere", output)

    def test_json(self):
        """--json is one document with the same findings"""
        code, output = smoke({**self.variables, "REDIS_URL": self.variables["VALKEY_URL"]}, "--json", "--require",
                             "postgres", "redis")
        document = json.loads(output)
        self.assertEqual((code, document["ok"]), (1, False))
        postgres, redis = document["services"]
        self.assertEqual((postgres["service"], postgres["status"], postgres["reason"]), ("postgres", "ok", None))
        self.assertEqual((redis["status"], redis["reason"]), ("failed", "wrong-server"))

    def test_env_file(self):
        """variables come from a .env file too"""
        with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
            file.write("".join(f"{name}={value}\n" for name, value in self.variables.items()))
            file.flush()
            code, output = smoke({}, "--env-file", file.name, "--require", "postgres", "redis")
        self.assertEqual(code, 0, output)

    def test_unknown(self):
        """a name that is no service's is refused with the names that are"""
        code, output = smoke({}, "--require", "postgre")
        self.assertEqual(code, 2)
        self.assertIn("postgres, redis", output)

    def ports(self, **changes):
        """The variables of the bundle that the bash test reads."""
        def port(name):
            return str(urllib.parse.urlsplit(self.variables[name]).port)
        return {"POSTGRES_PORT": port("POSTGRES_URL"), "REDIS_PORT": port("REDIS_URL"),
                "REDIS_PASSWORD": urllib.parse.urlsplit(self.variables["REDIS_URL"]).password,
                "VALKEY_PORT": port("VALKEY_URL"), "KEYDB_PORT": port("VALKEY_URL"), "CHROMA_PORT": port("CHROMA_URL"),
                "MINIO_PORT": port("S3_ENDPOINT"), **changes}

    def test_bash(self):
        """the bash smoke test: the same servers answer"""
        code, output = smoke(self.ports(), script=BASH)
        self.assertEqual(code, 0, output)
        for service in native.SERVICES:
            self.assertTrue(self.line(output, service)[0].startswith("ok"), output)
        self.assertRegex(output, r"(?m)^down .*keydb")

    def test_bash_wrong(self):
        """the bash smoke test: wrong password, wrong server, nothing there"""
        ports = self.ports()
        for changes, service, words in (
                ({"REDIS_PASSWORD": "wrong"}, "redis", "password refused"),
                ({"REDIS_PORT": ports["VALKEY_PORT"]}, "redis", "answered by valkey 8"),
                ({"CHROMA_PORT": ports["MINIO_PORT"]}, "chroma", "GET /api/v2/heartbeat: 4"),
                ({"QDRANT_PORT": "1"}, "qdrant", "nothing listens")):
            with self.subTest(words=words):
                code, output = smoke({**ports, **changes}, service, script=BASH)
                self.assertEqual(code, 1, output)
                line, _ = self.line(output, service)
                self.assertTrue(line.startswith("FAILED"), line)
                self.assertIn(words, line)


class Stopped(unittest.TestCase):
    def test_stopped(self):
        """each server when it is stopped is down, with the command that starts it"""
        variables = native.start()
        self.addCleanup(native.start)
        self.assertEqual(native.services("stop")[0], 0)
        code, output = smoke(variables, "--require", *native.SERVICES)
        self.assertEqual(code, 1)
        self.assertIn("0 ok, 0 failed, 5 down", output)
        lines = output.splitlines()
        for service, profile in (("postgres", ""), ("redis", ""), ("valkey", "--profile cache-alt "),
                                 ("chroma", "--profile vector-alt "), ("minio", "--profile artifacts ")):
            at = next(number for number, line in enumerate(lines) if f"  {service} " in line)
            self.assertIn("nothing listens", lines[at])
            self.assertTrue(lines[at + 1].endswith(f"{COMPOSE} {profile}up -d {service}"), lines[at + 1])
        code, output = smoke({name: value for name, value in variables.items()})
        self.assertEqual(code, 1)
        self.assertIn(f"nothing runs; start with: {COMPOSE} up -d", output)
