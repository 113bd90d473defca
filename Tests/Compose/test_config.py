"""What Docker Compose itself makes of the file. `config` needs no engine."""

import contextlib
import io
import json
import pathlib
import re
import tempfile
import unittest

from support import bundle as bundles
from support.shell import Failed


def selected(*arguments, profiles=None, files=(bundles.FILE,)):
    """The services that `up -d` with these arguments would start."""
    *before, names = [*arguments, []] if not arguments or not isinstance(arguments[-1], list) else arguments
    variables = {"COMPOSE_PROFILES": profiles} if profiles is not None else {}
    text = bundles.config(*before, "config", "--format", "json", *names, files=files, variables=variables)
    return set(json.loads(text)["services"])


class Config(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bundle = bundles.Bundle()

    def test_profiles(self):
        """every profile is valid by itself, and every group starts what it says"""
        groups = {
            "core": {"postgres", "redis"}, "artifacts": {"minio"}, "vector-alt": {"chroma", "qdrant", "weaviate"},
            "memory-alt": {"mongodb"}, "search": {"opensearch", "opensearch-permissions"},
            "event-alt": {"kafka", "kafka-permissions"}, "observability": {"jaeger", "otel-collector"},
            "cache-alt": {"valkey", "keydb"},
        }
        found = set(bundles.config("config", "--profiles").split())
        self.assertEqual(found, groups.keys() | set(self.bundle.services))
        for profile in sorted(found):
            with self.subTest(profile=profile):
                services = selected("--profile", profile)
                if profile in groups:
                    self.assertEqual(services, groups[profile])
                else:
                    self.assertIn(profile, services)

    def test_own_profiles(self):
        """COMPOSE_PROFILES with names of services starts these and what they need"""
        needs = {"opensearch": {"opensearch-permissions"}, "elasticsearch": {"elasticsearch-permissions"},
                 "kafka": {"kafka-permissions"}, "otel-collector": {"jaeger"}}
        for service in self.bundle.services:
            with self.subTest(service=service):
                self.assertEqual(selected(profiles=service), {service} | needs.get(service, set()))
        self.assertEqual(selected(profiles="postgres,valkey"), {"postgres", "valkey"})

    def test_commands(self):
        """the documented commands start what they name"""
        self.assertEqual(selected(["postgres", "redis"]), {"postgres", "redis"})
        self.assertEqual(selected(["postgres", "redis", "minio"]), {"postgres", "redis", "minio"})
        for service in ("chroma", "qdrant", "weaviate"):
            self.assertEqual(selected("--profile", "vector-alt", [service]), {service})
            self.assertEqual(selected([service]), {service})
        self.assertEqual(selected("--profile", "search", ["opensearch"]), {"opensearch", "opensearch-permissions"})

    def test_bare(self):
        """a bare up starts core, also when COMPOSE_PROFILES is there and empty"""
        self.assertEqual(selected(), {"postgres", "redis"})
        self.assertEqual(selected(profiles=""), {"postgres", "redis"})

    def test_down(self):
        """the profile * means every service, for down"""
        self.assertEqual(selected("--profile", "*"), set(self.bundle.settled["services"]))

    def test_misspelt(self):
        """a misspelt key fails, wherever it is"""
        text = bundles.FILE.read_text(encoding="utf-8")
        for right, wrong in (("    healthcheck:", "    heathcheck:"), ("    image:", "    imgae:"),
                             ("{resources: {limits:", "{resources: {limit:"), ("    profiles:", "    profile:"),
                             ("start_interval:", "start_intervall:"), ("\nservices:", "\nservice:")):
            with self.subTest(wrong=wrong), tempfile.TemporaryDirectory() as folder:
                copy = pathlib.Path(folder) / "misspelt.yml"
                self.assertIn(right, text)
                copy.write_text(text.replace(right, wrong, 1), encoding="utf-8")
                told = io.StringIO()
                with self.assertRaises(Failed), contextlib.redirect_stderr(told):
                    bundles.config("--profile", "*", "config", "-q", files=(copy,))
                key = re.findall(r"\w+", wrong)[-1]
                self.assertIn(f"'{key}' not allowed", told.getvalue())

    def test_copy(self):
        """a copy that is not misspelt passes, so that the test above tests the spelling"""
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "copy.yml"
            copy.write_text(bundles.FILE.read_text(encoding="utf-8"), encoding="utf-8")
            bundles.config("--profile", "*", "config", "-q", files=(copy,))

    def test_rustfs(self):
        """RustFS takes the place of MinIO, with its own folder and without MinIO's settings"""
        both = (bundles.FILE, bundles.RUSTFS)
        self.assertEqual(selected(["minio"], files=both), {"minio", "minio-permissions"})
        minio = json.loads(bundles.config("config", "--format", "json", "minio", files=both))["services"]["minio"]
        self.assertIn("rustfs", minio["image"])
        self.assertEqual([volume["target"] for volume in minio["volumes"]], ["/data"])
        self.assertFalse([name for name in minio["environment"] if name.startswith("MINIO")])
        self.assertEqual(minio["ports"], self.bundle.settled["services"]["minio"]["ports"])

    def test_variables_work(self):
        """ports, address, image, limit and password come from their variables"""
        variables = {"QDRANT_PORT": "7333", "BIND_ADDRESS": "127.0.0.2", "QDRANT_IMAGE": "example/qdrant:1",
                     "QDRANT_MEMORY": "2g", "QDRANT_API_KEY": "sesame"}
        text = bundles.config("config", "--format", "json", "qdrant", variables=variables)
        qdrant = json.loads(text)["services"]["qdrant"]
        self.assertEqual([(port["host_ip"], port["published"]) for port in qdrant["ports"]],
                         [("127.0.0.2", "7333"), ("127.0.0.2", "6334")])
        self.assertEqual(qdrant["image"], "example/qdrant:1")
        self.assertEqual(qdrant["deploy"]["resources"]["limits"]["memory"], str(2 << 30))
        self.assertEqual(qdrant["environment"]["QDRANT__SERVICE__API_KEY"], "sesame")

    def test_every_service(self):
        """every service has a pinned image, limits, and a health check or a reason for none"""
        for name in self.bundle.settled["services"]:
            service = self.bundle.settled["services"][name]
            with self.subTest(service=name):
                limits = service["deploy"]["resources"]["limits"]
                self.assertTrue(limits["memory"] and limits["cpus"])
                self.assertRegex(service["image"], r":[^:/]*\d[^:/]*$")
                if not name.endswith(bundles.SUFFIX) and name != "otel-collector":
                    self.assertIn("start_interval", service["healthcheck"])

    def test_data(self):
        """data lies below .local-data, each service's in a folder of its own"""
        folders = [self.bundle.folder(service) for service in self.bundle.services]
        kept = [folder for folder in folders if folder]
        self.assertEqual(len(kept), len(set(kept)))
        self.assertEqual(len(kept), len(folders) - 2, "all but jaeger and the collector keep data")
        for service in self.bundle.services:
            if self.bundle.folder(service):
                self.assertEqual(self.bundle.folder(service), f".local-data/{service}")

    def test_collector(self):
        """the collector's configuration listens where the compose file publishes"""
        text = (bundles.ROOT / "docker/otel-collector.yaml").read_text(encoding="utf-8")
        listens = {int(port) for port in re.findall(r"endpoint: 0\.0\.0\.0:(\d+)", text)}
        self.assertEqual(listens, {target for _, target, _ in self.bundle.ports("otel-collector")})
        self.assertIn("endpoint: jaeger:4317", text)
