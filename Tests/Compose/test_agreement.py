"""The compose file, docker/env.example, the adapters' settings, the scripts and the documentation say the same."""

import copy
import re
import unittest

from smoke.services import ALL, COMPOSE
from support import bundle as bundles

NO_ADAPTERS = {"adapters": [], "settings": []}
BASH = bundles.ROOT / "docker/scripts/backend_stores_smoke_test.sh"


class Agreement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bundle = bundles.Bundle()
        cls.described = bundles.adapters()
        cls.readme = bundles.README.read_text(encoding="utf-8")

    def test_disagreements(self):
        """the compose file agrees with itself and with the adapters' settings"""
        self.assertEqual(list(bundles.disagreements(self.bundle, self.described)), [])

    def test_example(self):
        """docker/env.example is what scripts/bundle generates"""
        self.assertEqual(bundles.EXAMPLE.read_text(encoding="utf-8"),
                         bundles.render_example(self.bundle, self.described), "scripts/bundle --update")

    def test_tables(self):
        """the tables of docker/README.md are what scripts/bundle generates"""
        self.assertEqual(self.readme, bundles.replace_tables(self.readme, bundles.render_tables(self.bundle)),
                         "scripts/bundle --update")

    def test_example_has_everything(self):
        """docker/env.example names every variable of the bundle, of the adapters, and of their addresses, once"""
        text = bundles.EXAMPLE.read_text(encoding="utf-8")
        named = re.findall(r"^#([A-Z][A-Z0-9_]+)=", text, flags=re.M)
        self.assertEqual(len(named), len(set(named)))
        wanted = self.bundle.variables().keys() | {"COMPOSE_PROFILES"}
        for service in self.bundle.services:
            wanted |= self.bundle.connect(service).keys()
        for described in (self.described, *self.described["adapters"]):
            wanted |= {setting["variable"] for setting in described["settings"]}
        self.assertEqual(set(named), wanted)

    def test_example_hides_secrets(self):
        """docker/env.example has no value for an adapter's secret but those of the bundle itself"""
        ours = {name for service in self.bundle.services for name in self.bundle.connect(service)}
        ours |= self.bundle.variables().keys()
        text = bundles.EXAMPLE.read_text(encoding="utf-8")
        for adapter in self.described["adapters"]:
            for setting in adapter["settings"]:
                if setting["secret"] and setting["variable"] not in ours:
                    self.assertIn(f"\n#{setting['variable']}=\n", text)

    def test_smoke(self):
        """the smoke test knows the services, profiles, ports, variables and defaults of the compose file"""
        self.assertEqual([service.name for service in ALL], self.bundle.services)
        for service in ALL:
            with self.subTest(service=service.name):
                raw = self.bundle.raw["services"][service.name].get("x-stores", {}).get("connect", {})
                # Jaeger is for people; applications do not read where it is.
                self.assertEqual(service.variable, bundles.address(self.bundle.connect(service.name)))
                if service.variable:
                    self.assertEqual(service.template, raw[service.variable])
                profiles = self.bundle.profiles(service.name)
                self.assertEqual(service.profile or "core", profiles[0])
                self.assertIn(service.port, [port for port, _, _ in self.bundle.ports(service.name)])

    def test_bash(self):
        """the bash smoke test knows the same services and ports"""
        entries = re.findall(r'^    "(\S+) (\S+) (\d+) \w+ \S+"$', BASH.read_text(encoding="utf-8"), flags=re.M)
        self.assertEqual([name for name, _, _ in entries], self.bundle.services)
        for name, variable, port in entries:
            self.assertIn((int(port), variable), [(port, variable) for port, _, variable in self.bundle.ports(name)])

    def test_documented_commands(self):
        """every command of the documentation names services and profiles that there are"""
        profiles = {profile for service in self.bundle.services for profile in self.bundle.profiles(service)} | {"*"}
        commands = re.findall(rf"{re.escape(COMPOSE)}[^`\n]*", self.readme)
        self.assertGreater(len(commands), 5)
        for command in commands:
            with self.subTest(command=command):
                for profile in re.findall(r"--profile[ =][\"']?([\w*-]+)", command):
                    self.assertIn(profile, profiles)
                words = re.search(r" (?:up|stop|logs|start|restart|rm|exec|pull)((?: -\S+| \d+)*)((?: [a-z][\w-]*)*)",
                                  command.split("#")[0])
                for name in words[2].split()[:1 if " exec" in command else None] if words else []:
                    self.assertIn(name, [*self.bundle.services, "NAME"])


class CanFail(unittest.TestCase):
    """Each comparison finds what it is there for: a difference is made, and must be told."""

    @classmethod
    def setUpClass(cls):
        cls.bundle = bundles.Bundle()

    def told(self, change=None, described=None):
        bundle = copy.copy(self.bundle)
        bundle.raw, bundle.settled = copy.deepcopy(bundle.raw), copy.deepcopy(bundle.settled)
        bundle.descriptions = dict(bundle.descriptions)
        if change:
            change(bundle)
        return "\n".join(bundles.disagreements(bundle, described or NO_ADAPTERS))

    def adapter(self, **changes):
        settings = changes.pop("settings", [
            {"variable": "QDRANT_URL", "kind": "url", "default": "http://127.0.0.1:6333", "secret": False},
            {"variable": "QDRANT_API_KEY", "kind": "string", "secret": True}])
        adapter = {"name": "qdrant", "package": "StoresQdrant", "summary": "", "settings": settings,
                   "composeService": "qdrant", "composeProfile": "vector-alt", "endpointVariable": "QDRANT_URL",
                   **changes}
        return {"adapters": [adapter], "settings": []}

    def test_agreeing_adapter(self):
        """an adapter that agrees is not complained of"""
        self.assertEqual(self.told(described=self.adapter()), "")

    def test_adapter(self):
        """an adapter of another port, service, variable or default is told"""
        url = {"variable": "QDRANT_URL", "kind": "url", "default": "http://127.0.0.1:6334", "secret": False}
        key = {"variable": "QDRANT_API_KEY", "kind": "string", "secret": True}
        other = {**url, "default": "http://127.0.0.1:6333"}
        self.assertIn("6334 by default", self.told(described=self.adapter(settings=[url, key])))
        self.assertIn("no service qdrnt", self.told(described=self.adapter(composeService="qdrnt")))
        self.assertIn("its profile is None", self.told(described=self.adapter(composeProfile=None)))
        self.assertIn("does not read QDRANT_API_KEY", self.told(described=self.adapter(settings=[other])))
        self.assertIn("not among its settings", self.told(described=self.adapter(endpointVariable="QDRANT_ADDRESS")))
        port = {"variable": "QDRANT_MEMORY", "kind": "bytes", "default": "3g", "secret": False}
        self.assertIn("QDRANT_MEMORY is 3g", self.told(described=self.adapter(settings=[other, key, port])))

    def test_file(self):
        """a variable without a description or default, a port without one, an open address are told"""
        def change(bundle):
            services = bundle.raw["services"]
            del bundle.descriptions["REDIS_PORT"]
            services["chroma"]["image"] = "${CHROMA_IMAGE}"
            services["qdrant"]["ports"][0] = "6333:6333"
            bundle.settled["services"]["weaviate"]["ports"][0]["host_ip"] = "0.0.0.0"
            services["minio"]["profiles"] = ["artifacts"]
            services["valkey"]["x-stores"]["connect"]["VALKEY_URL"] = "redis://127.0.0.1:6380/0"

        told = self.told(change)
        for part in ("REDIS_PORT is used", "CHROMA_IMAGE has no default", "qdrant: port 6333", "published on 0.0.0.0",
                     "minio has no profile", "VALKEY_URL leads to"):
            self.assertIn(part, told)

    def test_example(self):
        """the generated example follows a change of a default and a new setting"""
        described = self.adapter()
        described["adapters"][0]["settings"].append(
            {"variable": "QDRANT_TIMEOUT", "kind": "duration", "default": "5s", "secret": False, "required": False,
             "summary": "A new setting."})
        for setting in described["adapters"][0]["settings"]:
            setting.setdefault("summary", "")
        self.assertIn("#QDRANT_TIMEOUT=5s", bundles.render_example(self.bundle, described))
        self.assertNotIn("#QDRANT_TIMEOUT", bundles.render_example(self.bundle, NO_ADAPTERS))
