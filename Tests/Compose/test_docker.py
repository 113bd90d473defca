"""scripts/test --docker: which services it starts, what it points the tests at, and what it leaves behind. The engine
is a script that writes down what it is told; a real one is wanted to learn more."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

from support import docker
from support.shell import ROOT, Failed

ENGINE = """#!/bin/sh
echo "$*" >> "$ENGINE_LOG"
case "$*" in
*" ps "*) echo $ENGINE_RUNNING ;;
*" up "*) exit ${ENGINE_UP:-0} ;;
esac
"""


class Docker(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        self.log = folder / "log"
        engine = folder / "docker"
        engine.write_text(ENGINE, encoding="utf-8")
        engine.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ENGINE_LOG": str(self.log),
                            "ENGINE_RUNNING": ""}

    def told(self):
        return [line.split(str(docker.FILE), 1)[1].strip()
                for line in self.log.read_text(encoding="utf-8").splitlines()]

    def bundled(self, name, **more):
        with unittest.mock.patch.dict(os.environ, {**self.environment, **more}), \
                unittest.mock.patch.object(docker, "clients", return_value={}), \
                docker.bundled(ROOT / "Packages/StoresQdrant", name) as variables:
            return variables

    def test_peers_have_their_originals(self):
        """a peer stands for the service that it is a peer of; what the bundle lacks is told"""
        self.assertEqual(docker.services(ROOT / "Packages/StoresQdrant"), (["qdrant"], []))
        self.assertEqual(docker.services(ROOT / "Packages/StoresPinecone"), ([], ["pinecone-peer"]))
        self.assertEqual(docker.service("s3"), "minio")

    def test_started_and_stopped(self):
        """a service that does not run is started, waited for and stopped again"""
        self.assertEqual(self.bundled("qdrant")["QDRANT_URL"], "http://127.0.0.1:6333")
        self.assertEqual(self.told(), [
            "--profile qdrant ps --services --status running", "--profile qdrant up --detach --wait qdrant",
            "--profile qdrant stop qdrant"])

    def test_left_alone(self):
        """a service that runs already goes on running"""
        self.bundled("qdrant", ENGINE_RUNNING="qdrant")
        self.assertEqual(len(self.told()), 1)

    def test_does_not_start(self):
        """a service that does not become healthy fails the run, and is stopped"""
        with self.assertRaises(Failed):
            self.bundled("qdrant", ENGINE_UP="1")
        self.assertIn("stop", self.told()[-1])

    def test_no_engine(self):
        """without an engine nothing is tested, and the script says so with an exit code"""
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/test", "--docker", "StoresQdrant"], text=True, capture_output=True,
            env={**os.environ, "PATH": "/usr/bin:/bin", "DOCKER_HOST": "tcp://127.0.0.1:1"}, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("wants a Docker engine", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
