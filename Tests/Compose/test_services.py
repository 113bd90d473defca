"""scripts/services: real servers without Docker."""

import json
import os
import pathlib
import socket
import subprocess
import time
import unittest
import urllib.parse

import native
from support import processes
from support.backends import BACKENDS


def record(name):
    return json.loads(pathlib.Path(native.state(), name, "service.json").read_text(encoding="utf-8"))


class Services(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.variables = native.start()

    def test_ports(self):
        """none is on a default port, and each listens on loopback alone"""
        defaults = {5432, 6379, 8000, 9000}
        for name in native.NAMES:
            self.assertNotIn(record(name)["port"], defaults)
            listening = pathlib.Path("/proc/net/tcp").read_text(encoding="utf-8")
            address = f"{record(name)['port']:04X}"
            local = [line.split()[1] for line in listening.splitlines()[1:]
                     if line.split()[1].endswith(f":{address}") and line.split()[3] == "0A"]
            self.assertEqual(local, [f"0100007F:{address}"])

    def test_second_start(self):
        """a second start leaves what runs alone"""
        before = {name: record(name)["pid"] for name in native.NAMES}
        native.start()
        self.assertEqual({name: record(name)["pid"] for name in native.NAMES}, before)

    def query(self, statement):
        return subprocess.run([BACKENDS["postgres"].programs() / "psql", self.variables["POSTGRES_URL"], "-XAtc",
                               statement], check=True, capture_output=True, text=True).stdout.strip()

    def test_unfinished_start(self):
        """a start finishes what one that was ended had left to do"""
        self.query("DROP EXTENSION vector")
        native.start("postgres")
        self.assertEqual(self.query("SELECT count(*) FROM pg_extension WHERE extname = 'vector'"), "1")

    def test_restart(self):
        """after a stop, a start takes seconds, keeps the ports, and finds the data"""
        self.query("CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS n")
        self.addCleanup(native.start)
        pids = [record(name)["pid"] for name in native.NAMES]
        self.assertEqual(native.services("stop")[0], 0)
        for pid in pids:
            self.assertIsNone(processes.started(pid))
        start = time.monotonic()
        self.assertEqual(native.start(), self.variables)
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(self.query("SELECT n FROM kept"), "7")
        self.query("DROP TABLE kept")

    def test_status(self):
        """status says what runs by its exit code and a line for each"""
        code, out, _ = native.services("status", *native.NAMES)
        self.assertEqual(code, 0)
        self.assertEqual([line.split()[0] for line in out.splitlines()], native.NAMES)
        self.addCleanup(native.start)
        native.services("stop", "redis")
        code, out, _ = native.services("status", *native.NAMES)
        self.assertEqual(code, 1)
        self.assertRegex(out, r"(?m)^redis +stopped$")

    def test_env(self):
        """env has the variables of what runs, as a shell takes them"""
        self.assertEqual(dict(line.split("=", 1) for line in native.services("env")[1].splitlines()), self.variables)
        env = {**os.environ, "BACKEND_STORES_STATE": native.state()}
        shown = subprocess.run(["bash", "-c", f'export $({native.ROOT}/scripts/services env); echo "$POSTGRES_URL"'],
                               env=env, capture_output=True, text=True).stdout.strip()
        self.assertEqual(shown, self.variables["POSTGRES_URL"])

    def test_another_process(self):
        """a process id that has become another process's is left alone"""
        native.services("stop", "valkey")
        self.addCleanup(native.start)
        path = pathlib.Path(native.state(), "valkey", "service.json")
        with subprocess.Popen(["sleep", "60"]) as other:
            path.write_text(json.dumps({**record("valkey"), "pid": other.pid}), encoding="utf-8")
            native.services("stop", "valkey")
            self.assertIsNone(other.poll())
            other.kill()

    def test_taken_port(self):
        """a port that something else has is gone round"""
        native.services("stop", "valkey")
        self.addCleanup(native.start)
        self.addCleanup(native.services, "wipe", "valkey")
        with socket.create_server(("127.0.0.1", record("valkey")["port"])) as taken:
            port = urllib.parse.urlsplit(native.start("valkey")["VALKEY_URL"]).port
            self.assertNotEqual(port, taken.getsockname()[1])

    def test_killed(self):
        """a server that was killed is started again, with its data"""
        pid = record("redis")["pid"]
        os.kill(pid, 9)
        until = time.monotonic() + 10
        while processes.started(pid) and time.monotonic() < until:
            time.sleep(0.05)
        native.start("redis")
        self.assertNotEqual(record("redis")["pid"], pid)

    def test_unknown(self):
        """a name that is none is refused with the names that are"""
        code, _, errors = native.services("start", "postgre")
        self.assertEqual(code, 2)
        self.assertIn(", ".join(BACKENDS), errors)
