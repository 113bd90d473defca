"""Packages say which servers their tests need; scripts/test starts those, and leaves nothing behind."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from support import needs, processes
from support.shell import ROOT, Failed

# What scripts/test does for a package, with tests that take until they are told to end.
TESTING = """
import json, pathlib, sys
from support import needs, shell
shell.end_cleanly()
with needs.met(pathlib.Path(sys.argv[1])) as variables:
    print(json.dumps(variables), flush=True)
    sys.stdin.read()
"""
RUNNING = """
import sys
from support import shell
shell.end_cleanly()
shell.run("a run that is ended", ["sh", "-c", "echo $$ > $0; sleep 600", sys.argv[1]])
"""


def answers(url):
    address = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((address.hostname, address.port), 2) as connection:
            connection.sendall(b"PING\r\n")
            return bool(connection.recv(16))
    except OSError:
        return False


class Needs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.package = pathlib.Path(scratch.name)
        (self.package / "Tests").mkdir()

    def say(self, **what):
        (self.package / "Tests/needs.json").write_text(json.dumps(what), encoding="utf-8")

    def start(self, program, **more):
        env = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        child = subprocess.Popen(
            [sys.executable, "-c", program, self.package / "pid" if program is RUNNING else self.package],
            cwd=ROOT / "scripts", env={**env, **more}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.addCleanup(child.communicate)
        return child

    def test_servers(self):
        """the servers of a package answer while its tests run, and not after them"""
        self.say(servers=["redis", "valkey"])
        child = self.start(TESTING)
        variables = json.loads(child.stdout.readline())
        self.assertEqual(set(variables), {"REDIS_URL", "VALKEY_URL", "BACKEND_SERVICES"})
        self.assertTrue(answers(variables["REDIS_URL"]) and answers(variables["VALKEY_URL"]))
        child.communicate()
        self.assertEqual(child.returncode, 0)
        self.assertFalse(answers(variables["REDIS_URL"]) or answers(variables["VALKEY_URL"]))

    def test_ended(self):
        """when the run is ended, its servers are"""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                self.say(servers=["redis"])
                child = self.start(TESTING)
                url = json.loads(child.stdout.readline())["REDIS_URL"]
                self.assertTrue(answers(url))
                child.send_signal(number)
                child.wait(20)
                self.assertFalse(answers(url))

    def test_ended_child(self):
        """when the run is ended, the program that it runs is, and what that one started"""
        child = self.start(RUNNING)
        file = self.package / "pid"
        until = time.monotonic() + 20
        while not (file.exists() and file.read_text()) and time.monotonic() < until:
            time.sleep(0.02)
        pid = int(file.read_text())
        self.assertIsNotNone(processes.started(pid))
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), 143)
        self.assertIsNone(processes.started(pid))

    def test_named(self):
        """a server that a variable points at is used instead"""
        self.say(servers=["redis"])
        child = self.start(TESTING, REDIS_URL="redis://127.0.0.1:1")
        self.assertEqual(json.loads(child.stdout.readline()), {})

    def test_unknown(self):
        """what nobody knows is refused"""
        for what in ({"servers": ["redsi"]}, {"server": ["redis"]}):
            self.say(**what)
            with self.subTest(what), self.assertRaises(Failed):
                needs.needs(self.package)

    def test_libraries(self):
        """who builds on a package installs what it needs"""
        self.assertIn("libsqlite3-dev", needs.debian([ROOT / "Packages/StoresCLI"]))
        self.assertEqual(needs.debian([ROOT / "Packages/StoresFile"]), [])
