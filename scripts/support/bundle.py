"""docker-compose.backend-stores.yml as data, and what is generated from it and from the adapters' settings."""

import json
import os
import re
import urllib.parse

from . import downloads
from .generated import load
from .shell import ROOT, Failed, read

FILE = ROOT / "docker-compose.backend-stores.yml"
RUSTFS = ROOT / "docker/rustfs.yml"
EXAMPLE = ROOT / "docker/env.example"
README = ROOT / "docker/README.md"
SUFFIX = "-permissions"
# Variables that the overlay uses, not the file itself.
OVERLAY_VARIABLES = {"RUSTFS_IMAGE"}


def config(*arguments, files=(FILE,), variables=None):
    """What Compose makes of the file. Neither the environment nor a .env takes part."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **(variables or {})}
    chosen = [part for file in files for part in ("-f", file)]
    return read([downloads.compose(), "--project-directory", ROOT, "--env-file", "/dev/null", *chosen, *arguments],
                env=env)


class Bundle:
    def __init__(self):
        everything = ("--profile", "*", "config", "--format", "json")
        self.raw = json.loads(config(*everything, "--no-interpolate"))
        self.settled = json.loads(config(*everything))
        self.text = {FILE: FILE.read_text(encoding="utf-8"), RUSTFS: RUSTFS.read_text(encoding="utf-8")}
        self.descriptions = self.raw["x-variables"]
        self.order = re.findall(r"^  ([A-Z0-9_]+):", self.text[FILE].split("\nservices:")[0], flags=re.M)

    @property
    def services(self):
        """The services that a developer starts, in the order of the file; not those that set permissions and end."""
        names = re.findall(r"^  ([a-z-]+):$", self.text[FILE].split("\nservices:")[1], flags=re.M)
        return [name for name in names if not name.endswith(SUFFIX)]

    def variables(self, service=None):
        """The variables that a service, or the whole file, uses, with their defaults: None for one without."""
        part = self.raw["services"] if service is None else [
            self.raw["services"][name] for name in (service, service + SUFFIX) if name in self.raw["services"]]
        text = json.dumps(part)
        if service is None:
            text += self.text[RUSTFS]
        found = {}
        for name, operator, value in re.findall(r"\$\{([A-Z0-9_]+)(:-|:\+|:\?|-|\+|\?)?([^}]*)\}", text):
            default = value if operator == ":-" else None
            found.setdefault(name, set()).update(() if operator == ":+" else (default,))
        return found

    def default(self, name):
        """The default of a variable of the file, or the empty string."""
        values = self.variables()[name]
        return next(iter(values)) or "" if values else ""

    def connect(self, service):
        """The variables by which applications find a service, as they are by default."""
        # Compose leaves extensions out of its interpolated JSON.
        raw = self.raw["services"][service].get("x-stores", {}).get("connect", {})
        return {name: re.sub(r"\$\{\w+(:[-+])([^}]*)\}", lambda found: found[2] if found[1] == ":-" else "", value)
                for name, value in raw.items()}

    def profiles(self, service):
        return [profile for profile in self.raw["services"][service]["profiles"] if profile]

    def ports(self, service):
        """Host port, container port and the host port's variable."""
        found = []
        raw = self.raw["services"][service].get("ports", [])
        for text, settled in zip(raw, self.settled["services"][service].get("ports", [])):
            variable = re.findall(r"\$\{([A-Z0-9_]+_PORT):-", text)
            found.append((int(settled["published"]), settled["target"], variable[0] if variable else None))
        return found

    def folder(self, service):
        """The folder of a service's data below the checkout, or None."""
        sources = [volume["source"] for volume in self.settled["services"][service].get("volumes", [])]
        local = [source.removeprefix(f"{ROOT}/") for source in sources if "/.local-data/" in source]
        return local[0] if local else None

    def memory(self, service):
        return int(self.settled["services"][service]["deploy"]["resources"]["limits"]["memory"]) >> 20

    def size(self, service):
        """The class of a service by its memory limit."""
        memory = self.memory(service)
        return "small" if memory <= 512 else "medium" if memory <= 1024 else "large"


def adapters():
    """What `stores adapters --json` says; STORES_EXECUTABLE names a `stores` that is built already."""
    if named := os.environ.get("STORES_EXECUTABLE"):
        return json.loads(read([named, "adapters", "--json"]))
    return load()


# ---- docker/env.example

HEAD = """\
# What can be set, with the defaults. Copy it to the folder of docker-compose.backend-stores.yml, where Compose and the
# executables of this project read it, and take the # off what you change:
#
#     cp docker/env.example .env
#
# Compose does not find a .env in docker/. A variable of the environment wins over the file. A value with a $ wants
# single quotes. Passwords of Postgres and MongoDB count only while the data folder is empty: docker/README.md.
#
# Generated by scripts/bundle --update from the compose file and the adapters' settings.
"""


def assignment(name, value):
    """A line of a .env file, commented out."""
    quoted = f'"{value}"' if re.search(r"[\s#]", value) else value
    return f"#{name}={quoted}"


def render_example(bundle, described):
    """`described` is what `stores adapters --json` says."""
    known = described["adapters"]
    read_by_adapters = {setting["variable"] for adapter in known for setting in adapter["settings"]}
    lines = [HEAD]

    def section(title):
        lines.append(f"\n# ---- {title}\n")

    def put(name, value, text):
        lines.append(f"# {text}\n{assignment(name, value)}")

    section("All services")
    put("COMPOSE_PROFILES", "postgres,redis",
        "The profiles, and so services, that `up -d` starts; unset, those of core.")
    put("BIND_ADDRESS", bundle.default("BIND_ADDRESS"), bundle.descriptions["BIND_ADDRESS"])
    listed = {"BIND_ADDRESS"}
    for service in bundle.services:
        section(f"{service} (profiles: {', '.join(bundle.profiles(service))})")
        own = bundle.variables(service)
        for name in bundle.order:
            if name in own and name not in listed or name in OVERLAY_VARIABLES and service == "minio":
                listed.add(name)
                put(name, bundle.default(name), bundle.descriptions[name])
        for name, value in bundle.connect(service).items():
            if name not in read_by_adapters and name not in listed:
                listed.add(name)
                put(name, value, "Where applications find it.")
    section("All adapters")
    settings(described["settings"], bundle, listed, put)
    for adapter in known:
        if any(setting["variable"] not in listed for setting in adapter["settings"]):
            section(f"The adapter {adapter['name']} ({adapter['package']}): {adapter['summary']}")
            settings(adapter["settings"], bundle, listed, put)
    return "\n".join(lines) + "\n"


def settings(described, bundle, listed, put):
    connect = {name: value for service in bundle.services for name, value in bundle.connect(service).items()}
    for setting in described:
        name = setting["variable"]
        if name in listed:
            continue
        listed.add(name)
        kind = "|".join(setting.get("allowed") or [setting["kind"]])
        traits = [kind, *(trait for trait in ("required", "secret") if setting.get(trait))]
        value = connect.get(name) or setting.get("default") or setting.get("example") or ""
        if setting.get("secret") and name not in connect:
            value = ""
        put(name, value, f"{setting['summary']} ({', '.join(traits)})")


# ---- docker/README.md

def render_tables(bundle):
    return {"services": services_table(bundle), "variables": variables_table(bundle)}


def table(header, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])


def services_table(bundle):
    rows = []
    for service in bundle.services:
        ports = ", ".join(str(port) for port, _, _ in bundle.ports(service))
        folder = bundle.folder(service)
        connect = address(bundle.connect(service))
        rows.append([
            f"`{service}`", " ".join(f"`{profile}`" for profile in bundle.profiles(service)), ports,
            f"`{connect}`" if connect else "", f"`{folder}`" if folder else "",
            f"{bundle.size(service)}, {bundle.memory(service)} MiB"])
    return table(["Service", "Profiles", "Ports", "Applications read", "Data", "Limit"], rows)


def address(connect):
    """The variable that says where a service is; others are keys and names."""
    return next((name for name, value in connect.items() if (endpoint(value) or (None, None))[1]), None)


def variables_table(bundle):
    rows = []
    for name in bundle.order:
        default = bundle.default(name)
        rows.append([f"`{name}`", f"`{default}`" if default else "", bundle.descriptions[name]])
    return table(["Variable", "Default", ""], rows)


def replace_tables(text, tables):
    """The text with the tables between `<!-- bundle: NAME -->` and `<!-- end -->` made anew."""
    for name, content in tables.items():
        pattern = re.compile(rf"(<!-- bundle: {name} -->\n).*?(\n<!-- end -->)", flags=re.S)
        if not pattern.search(text):
            raise Failed(f"{README.relative_to(ROOT)} has no table {name}")
        text = pattern.sub(lambda found, content=content: found[1] + content + found[2], text)
    return text


# ---- what must agree

def endpoint(value):
    """Host and port of a URL or of the first of several addresses, or None."""
    address = value if "://" in value else "//" + value.split(",")[0]
    try:
        parts = urllib.parse.urlsplit(address)
        return "127.0.0.1" if parts.hostname == "localhost" else parts.hostname, parts.port
    except ValueError:
        return None


def disagreements(bundle, described):
    """The file with itself, and with the adapters."""
    used = bundle.variables()
    for name in sorted(used.keys() - bundle.descriptions.keys()):
        yield f"{name} is used in the compose file, and not described in its x-variables"
    for name in sorted(bundle.descriptions.keys() - used.keys()):
        yield f"{name} is described in x-variables, and not used"
    for name, defaults in sorted(used.items()):
        if len(defaults) > 1 or None in defaults:
            yield f"{name} has no default, or several: {sorted(map(str, defaults))}"
    groups = {"core", "artifacts", "vector-alt", "memory-alt", "search", "event-alt", "observability", "cache-alt"}
    for service in bundle.services:
        if service not in bundle.profiles(service):
            yield f"{service} has no profile of its own name"
        for profile in set(bundle.profiles(service)) - groups - set(bundle.services):
            yield f"{service}: no group or service is called {profile}"
        upper = service.upper().replace("-", "_")
        for wanted in (f"{upper}_IMAGE", f"{upper}_MEMORY"):
            if wanted not in bundle.variables(service):
                yield f"{service} does not use {wanted}"
        for port, _, variable in bundle.ports(service):
            if variable is None:
                yield f"{service}: port {port} comes from no variable"
        hosts = {port["host_ip"] for port in bundle.settled["services"][service].get("ports", [])}
        if hosts != {"127.0.0.1"}:
            yield f"{service} is published on {', '.join(sorted(hosts))}"
        ports = {port for port, _, _ in bundle.ports(service)}
        for name, value in bundle.connect(service).items():
            place = endpoint(value)
            if place and place[1] and (place[0] != "127.0.0.1" or place[1] not in ports):
                yield f"{service}: {name} leads to {value}, and the ports are {sorted(ports)}"
    for adapter in described["adapters"]:
        yield from adapter_disagreements(bundle, adapter)


def adapter_disagreements(bundle, adapter):
    name, service, variable = adapter["name"], adapter.get("composeService"), adapter.get("endpointVariable")
    read_here = {setting["variable"]: setting for setting in adapter["settings"]}
    if variable and variable not in read_here:
        yield f"{name}: its endpoint variable {variable} is not among its settings"
    for setting, value in read_here.items():
        if setting in bundle.variables() and value.get("default") is not None \
                and value["default"] != bundle.default(setting):
            yield f"{name}: {setting} is {value['default']} by default, and {bundle.default(setting)} in the bundle"
    if service is None:
        return
    if service not in bundle.services:
        yield f"{name}: the compose file has no service {service}"
        return
    group = bundle.profiles(service)[0]
    if adapter.get("composeProfile") != (None if group == "core" else group):
        yield f"{name}: its profile is {adapter.get('composeProfile')}, and {group} in the compose file"
    connect = bundle.connect(service)
    if variable not in connect:
        yield f"{name}: {service} does not say {variable} in x-stores"
        return
    default = read_here.get(variable, {}).get("default")
    if default is None or endpoint(default) != endpoint(connect[variable]):
        yield f"{name}: {variable} is {default} by default, and {connect[variable]} leads to {service}"
    for missing in connect.keys() - read_here.keys():
        yield f"{name}: it does not read {missing}, which {service} says in x-stores"
