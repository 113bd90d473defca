"""The smoke test's own code: against librdkafka's mock cluster, against fakes, against published test vectors."""

import contextlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import fakes
from smoke.failure import Failure, afterwards
from smoke.report import ask, ask_all, render
from smoke.scram import Scram
from smoke.services import ALL
from smoke.settings import Address, Settings, read_env_file
from support import downloads

SERVICES = {service.name: service for service in ALL}
SECONDS = 5


def settings(**variables):
    return Settings(variables)


def found(name, seconds=SECONDS, **variables):
    return ask(SERVICES[name], settings(**variables), seconds)


class Kafka(unittest.TestCase):
    def test_mock_cluster(self):
        """Kafka: librdkafka's mock cluster, by librdkafka's authors, answers ApiVersions and Metadata"""
        python = downloads.pypi("confluent-kafka-2.16.1", "confluent-kafka==2.16.1") / "bin/python"
        program = ("import sys, confluent_kafka.admin as admin\n"
                   "client = admin.AdminClient({'test.mock.num.brokers': 3})\n"
                   "broker = next(iter(client.list_topics(timeout=20).brokers.values()))\n"
                   "print(f'{broker.host}:{broker.port}', flush=True)\n"
                   "sys.stdin.read()\n")
        with subprocess.Popen([python, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as cluster:
            try:
                brokers = cluster.stdout.readline().strip()
                finding = found("kafka", KAFKA_BROKERS=brokers)
                self.assertEqual(finding.status, "ok", finding.message)
                self.assertIn("3 brokers", finding.server)
            finally:
                cluster.stdin.close()

    def test_advertised(self):
        """Kafka: a broker that sends clients where none answers is told, with the variable"""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            with fakes.FakeKafka(advertised=("127.0.0.1", port)) as fake:
                finding = found("kafka", KAFKA_BROKERS=f"127.0.0.1:{fake.port}")
        self.assertEqual(finding.status, "failed")
        self.assertIn("KAFKA_ADVERTISED_HOST", finding.remedy)
        self.assertIn(f"sends clients to 127.0.0.1:{port}", finding.message)

    def test_versions(self):
        """Kafka: every version of Metadata from 1 to 7 is understood, and a broker without them is told"""
        for version in range(1, 8):
            with self.subTest(version=version), fakes.FakeKafka(versions=(0, version)) as fake:
                self.assertEqual(found("kafka", KAFKA_BROKERS=f"127.0.0.1:{fake.port}").status, "ok")
        with fakes.FakeKafka(versions=(8, 13)) as fake:
            self.assertIn("Metadata 8 to 13", found("kafka", KAFKA_BROKERS=f"127.0.0.1:{fake.port}").message)


class MongoDB(unittest.TestCase):
    def ask(self, fake, user="backend:right@"):
        return found("mongodb", MONGODB_URL=f"mongodb://{user}127.0.0.1:{fake.port}/backend?authSource=admin")

    def test_right(self):
        """MongoDB (a fake): hello, SCRAM-SHA-256, ping"""
        with fakes.FakeMongoDB() as fake:
            finding = self.ask(fake)
        self.assertEqual((finding.status, finding.server), ("ok", "MongoDB 8.0.29"), finding.message)
        self.assertEqual({command["$db"] for command in fake.commands}, {"admin"})

    def test_wrong(self):
        """MongoDB (a fake): a wrong password, a wrong user, a set without a primary"""
        with fakes.FakeMongoDB() as fake:
            for user in ("backend:wrong@", "nobody:right@"):
                finding = self.ask(fake, user)
                self.assertEqual(finding.reason, "authentication")
                self.assertIn("MONGODB_URL", finding.remedy)
        with fakes.FakeMongoDB(primary=False) as fake:
            self.assertIn("no primary", self.ask(fake).message)


class REST(unittest.TestCase):
    def test_qdrant(self):
        """Qdrant (a fake): right, with a key, with a wrong one, with a wrong answer"""
        with fakes.fake_qdrant() as fake:
            finding = found("qdrant", QDRANT_URL=f"http://127.0.0.1:{fake.port}")
            self.assertEqual((finding.status, finding.server), ("ok", "Qdrant 1.19.0"), finding.message)
            self.assertTrue(fake.requests[-1]["line"].startswith("DELETE /collections/"))
        with fakes.fake_qdrant(key="sesame") as fake:
            url = f"http://127.0.0.1:{fake.port}"
            self.assertEqual(found("qdrant", QDRANT_URL=url, QDRANT_API_KEY="sesame").status, "ok")
            finding = found("qdrant", QDRANT_URL=url, QDRANT_API_KEY="wrong")
            self.assertEqual(finding.reason, "authentication")
            self.assertIn("QDRANT_API_KEY", finding.remedy)
            self.assertNotIn("wrong", render([finding], []))
        with fakes.fake_qdrant(nearest="another") as fake:
            finding = found("qdrant", QDRANT_URL=f"http://127.0.0.1:{fake.port}")
            self.assertEqual(finding.reason, "protocol")
            self.assertIn("the nearest point", finding.message)
            self.assertTrue(fake.requests[-1]["line"].startswith("DELETE /collections/"), "left nothing behind")

    def test_weaviate(self):
        """Weaviate (a fake): right; an object that failed and a GraphQL error, both within a 200"""
        with fakes.fake_weaviate() as fake:
            finding = found("weaviate", WEAVIATE_URL=f"http://127.0.0.1:{fake.port}", WEAVIATE_API_KEY="sesame")
            self.assertEqual((finding.status, finding.server), ("ok", "Weaviate 1.40.3"), finding.message)
            self.assertEqual(fake.requests[-1]["headers"]["Authorization"], "Bearer sesame")
        with fakes.fake_weaviate(status="FAILED") as fake:
            finding = found("weaviate", WEAVIATE_URL=f"http://127.0.0.1:{fake.port}")
            self.assertIn("the outcome of an object: 'FAILED'", finding.message)
        with fakes.fake_weaviate(errors="no such class") as fake:
            finding = found("weaviate", WEAVIATE_URL=f"http://127.0.0.1:{fake.port}")
            self.assertIn("no such class", finding.message)

    def test_search(self):
        """OpenSearch and Elasticsearch (fakes): each is right in its place, and told in the other's"""
        for distribution, right, wrong in (("opensearch", "opensearch", "elasticsearch"),
                                           (None, "elasticsearch", "opensearch")):
            with fakes.fake_search(distribution) as fake:
                url = f"http://127.0.0.1:{fake.port}"
                variables = {"OPENSEARCH_URL": url, "ELASTICSEARCH_URL": url}
                self.assertEqual(found(right, **variables).status, "ok")
                both = [SERVICES["opensearch"], SERVICES["elasticsearch"]]
                findings = {finding.service: finding for finding in ask_all(both, settings(**variables), SECONDS, [])}
                self.assertEqual((findings[right].status, findings[wrong].status), ("ok", "down"))
                required = ask_all([SERVICES[wrong]], settings(**variables), SECONDS, [wrong])[0]
                self.assertEqual((required.status, required.reason), ("failed", "wrong-server"))
                self.assertIn(f"stop {right}, then: ", required.remedy)

    def test_telemetry(self):
        """the collector and Jaeger (fakes): a span taken, a span rejected"""
        with fakes.FakeREST({r"POST /v1/traces": lambda _: (200, {"partialSuccess": {}})}) as fake:
            url = f"http://127.0.0.1:{fake.port}"
            self.assertEqual(found("otel-collector", OTEL_EXPORTER_OTLP_ENDPOINT=url).status, "ok")
            span = fake.requests[0]["json"]["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
            self.assertRegex(span["traceId"], r"^[0-9a-f]{32}$")
            self.assertRegex(span["spanId"], r"^[0-9a-f]{16}$")
        rejected = {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too old"}}
        with fakes.FakeREST({r"POST /v1/traces": lambda _: (200, rejected)}) as fake:
            finding = found("otel-collector", OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{fake.port}")
            self.assertIn("too old", finding.message)
        with fakes.FakeREST({r"GET /api/services": lambda _: (200, {"data": ["smoke-test"]})}) as fake:
            self.assertEqual(found("jaeger", JAEGER_UI_PORT=str(fake.port)).status, "ok")


class Others(unittest.TestCase):
    URLS = {
        "postgres": "POSTGRES_URL=postgres://backend:x@", "redis": "REDIS_URL=redis://", "keydb": "KEYDB_URL=redis://",
        "valkey": "VALKEY_URL=redis://", "minio": "MINIO_ENDPOINT=http://", "chroma": "CHROMA_URL=http://",
        "qdrant": "QDRANT_URL=http://", "weaviate": "WEAVIATE_URL=http://", "mongodb": "MONGODB_URL=mongodb://",
        "opensearch": "OPENSEARCH_URL=http://", "elasticsearch": "ELASTICSEARCH_URL=http://",
        "kafka": "KAFKA_BROKERS=", "otel-collector": "OTEL_EXPORTER_OTLP_ENDPOINT=http://",
    }

    def everywhere(self, port, seconds):
        for name, start in self.URLS.items():
            variable, _, url = start.partition("=")
            yield name, found(name, seconds, **{variable: f"{url}127.0.0.1:{port}"})

    def test_keydb(self):
        """KeyDB (a fake) is told from Redis and Valkey"""
        with fakes.FakeTCP(fakes.fake_keydb) as fake:
            url = f"redis://127.0.0.1:{fake.port}"
            self.assertEqual(found("keydb", KEYDB_URL=url).server, "KeyDB 6.3.4")
            self.assertIn("answered by KeyDB 6.3.4, not Redis", found("redis", REDIS_URL=url).message)

    def test_nothing(self):
        """nothing that listens: each service is down, with the command that starts it"""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            for name, finding in self.everywhere(unused.getsockname()[1], SECONDS):
                with self.subTest(service=name):
                    self.assertEqual((finding.status, finding.reason), ("down", "refused"))
                    self.assertTrue(finding.remedy.endswith(f"up -d {name}"))

    def test_malformed_url(self):
        """an address that is no URL is a finding, and shows nothing of the password"""
        for name in ("redis", "postgres", "qdrant"):
            with self.subTest(service=name):
                variable = SERVICES[name].variable
                finding = found(name, **{variable: f"{name}://user:sec/ret@127.0.0.1"})
                self.assertEqual((finding.status, finding.reason), ("failed", "configuration"))
                text = render([finding], [])
                self.assertIn(f"{variable} is not a URL", text)
                self.assertIn("percent-encode", text)
                self.assertNotIn("sec", text)

    def test_mute(self):
        """a server that never answers: each service fails in time"""
        with fakes.FakeTCP(lambda connection: threading.Event().wait(20)) as fake:
            start = time.monotonic()
            for name, finding in self.everywhere(fake.port, 0.2):
                with self.subTest(service=name):
                    self.assertEqual((finding.status, finding.reason), ("failed", "timeout"), finding.message)
            self.assertLess(time.monotonic() - start, 10)

    def test_garbage(self):
        """a server of another protocol: each service fails, and none breaks"""
        def talk(connection):
            connection.recv(16)
            connection.sendall(b"220 smtp.example.com ESMTP ready\r\n")

        with fakes.FakeTCP(talk) as fake:
            for name, finding in self.everywhere(fake.port, 2):
                with self.subTest(service=name):
                    self.assertEqual(finding.status, "failed")
                    self.assertIn(finding.reason, ("wrong-server", "protocol"), finding.message)

    def test_closing(self):
        """a server that closes at once: each service fails, and none breaks"""
        with fakes.FakeTCP(lambda connection: None) as fake:
            for name, finding in self.everywhere(fake.port, 2):
                with self.subTest(service=name):
                    self.assertEqual(finding.status, "failed")

    def test_other_http(self):
        """another HTTP server: each REST service says so"""
        with fakes.FakeREST({r"GET .*": lambda _: (200, "<html>It works!</html>")}) as fake:
            for name, finding in self.everywhere(fake.port, 2):
                if name in ("chroma", "qdrant", "opensearch", "elasticsearch"):
                    with self.subTest(service=name):
                        self.assertEqual(finding.reason, "wrong-server", finding.message)


class Parts(unittest.TestCase):
    def test_afterwards(self):
        """what is to be done afterwards is all done, and hides no failure that came before"""
        done = []

        def fails():
            done.append("fails")
            raise Failure("protocol", "the clean-up")

        with self.assertRaisesRegex(Failure, "the block"), afterwards(fails, lambda: done.append("second")):
            raise Failure("protocol", "the block")
        self.assertEqual(done, ["fails", "second"])
        with self.assertRaisesRegex(Failure, "the clean-up"), afterwards(fails, lambda: done.append("second")):
            pass
        self.assertEqual(done, ["fails", "second"] * 2)
        with afterwards(lambda: done.append("only")):
            self.assertNotIn("only", done)
        self.assertEqual(done[-1], "only")

    def test_left_behind(self):
        """S3: when the round trip fails, its object and bucket are deleted, and the failure is told"""
        kept = set()

        def path(request):
            return request["line"].split()[1]

        def put(request):
            kept.add(path(request))
            return 200, ""

        def delete(request):
            if any(each.startswith(path(request) + "/") for each in kept):
                return 409, "<Error><Code>BucketNotEmpty</Code></Error>"
            kept.discard(path(request))
            return 204, ""

        with fakes.FakeREST({r"GET /": lambda _: (200, ""), r"PUT .*": put, r"DELETE .*": delete,
                             r"GET /.+": lambda _: (500, "<Error><Code>InternalError</Code></Error>")}) as fake:
            finding = found("minio", MINIO_ENDPOINT=f"http://127.0.0.1:{fake.port}")
        self.assertIn("500 InternalError", finding.message)
        self.assertEqual(kept, set())

    def test_scram(self):
        """SCRAM-SHA-256: the exchange of RFC 7677"""
        scram = Scram("user", "pencil")
        scram.nonce = "rOprNGfwEbeRWgbNEkqO"
        scram.bare = f"n=user,r={scram.nonce}"
        final = scram.final(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
        self.assertTrue(final.endswith(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        scram.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        with self.assertRaises(Exception):
            scram.verify(b"v=" + b"A" * 44)

    def test_settings(self):
        """variables: the environment over .env over the default; Compose's quoting; passwords escaped in URLs"""
        with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
            file.write("A=1\nexport B='two words'\nC=\"3\" # note\nD=4 # note\n#E=5\n\nF=p@ss/w:rd\n")
            file.flush()
            self.assertEqual(read_env_file(file.name),
                             {"A": "1", "B": "two words", "C": "3", "D": "4", "F": "p@ss/w:rd"})
            both = Settings({"A": "9"}, file.name)
        self.assertEqual((both.get("A"), both.get("D"), both.get("E", "none")), ("9", "4", "none"))
        url = both.interpolate("redis://${F:+:}${F:-}${F:+@}127.0.0.1:${G:-6379}/0")
        self.assertEqual((Address(url, 1).password, Address(url, 1).port), ("p@ss/w:rd", 6379))
        self.assertEqual(both.interpolate("redis://${E:+:}${E:-}${E:+@}127.0.0.1"), "redis://127.0.0.1")

    def test_ipv6(self):
        """an address of IPv6 is taken apart, and put together again"""
        address = Address("http://[::1]:9000/bucket", 1)
        self.assertEqual((address.host, address.port), ("::1", 9000))
        self.assertEqual(str(address), "[::1]:9000")
        self.assertEqual(Address("https://s3.example.com", 9000).port, 443)

    def test_no_secret(self):
        """no finding shows a password"""
        with contextlib.ExitStack() as stack:
            fake = stack.enter_context(fakes.FakeMongoDB())
            url = f"mongodb://backend:hunter2@127.0.0.1:{fake.port}/x"
            text = str(found("mongodb", MONGODB_URL=url))
        self.assertNotIn("hunter2", text)
