"""The parts of the documentation that come from the adapters' own descriptions.

A part stands between two comments, `<!-- generated: NAME ARGUMENTS -->` and `<!-- end -->`; `scripts/check --update`
writes it, `scripts/check` compares it."""

import json
import re

from . import manifests
from .hygiene import tracked
from .layout import STRICT, dump, packages
from .shell import ROOT, Failed, read, run

TIERS = ["vector", "memory", "session", "artifact", "event", "search", "telemetry"]
PART = re.compile(r"(<!-- generated: ([^>]*?) -->\n)(.*?)(<!-- end -->)", re.S)


def problems(update=False):
    catalog = load()
    seen = set()
    for path in tracked(".md"):
        text = path.read_text(encoding="utf-8")

        def replaced(match):
            words = match[2].split()
            seen.add(match[2])
            if words[0] not in PARTS:
                raise Failed(f"{path.relative_to(ROOT)}: there is no generated part {words[0]}")
            return match[1] + PARTS[words[0]](catalog, *words[1:]) + match[4]

        fresh = PART.sub(replaced, text)
        if fresh != text and update:
            path.write_text(fresh, encoding="utf-8")
        elif fresh != text:
            yield f"{path.relative_to(ROOT)} is out of date; run scripts/check --update"
    for adapter in catalog["adapters"]:
        if f"capabilities {adapter['name']}" not in seen and adapter["name"] != "memory":
            yield f"no page has the capabilities of {adapter['name']}"
    yield from known_adapters(catalog)


def load():
    """What `stores adapters --json` says."""
    code, _ = run("stores for the documentation",
                  ["swift", "build", "--package-path", ROOT / "Packages/StoresCLI", "--scratch-path",
                   ROOT / ".build-packages", *STRICT])
    if code != 0:
        raise Failed("stores does not build")
    catalog = json.loads(read([ROOT / ".build-packages/debug/stores", "adapters", "--json"]))
    catalog["adapters"].sort(key=lambda adapter: (adapter["package"] != "StoresCore", adapter["name"]))
    return catalog


def known_adapters(catalog):
    """KnownAdapters.swift, by which the core names a package that is not linked, has exactly the adapters there are."""
    source = ROOT / "Packages/StoresCore/Sources/StoresCore/Registry/KnownAdapters.swift"
    entries = re.findall(r'\("([a-z0-9-]+)", "(\w+)", \[([^\]]*)\]\)', source.read_text(encoding="utf-8"))
    known = {(name, package, frozenset(re.findall(r"\.(\w+)", tiers))) for name, package, tiers in entries}
    actual = {(adapter["name"], adapter["package"], frozenset(adapter["tiers"]))
              for adapter in catalog["adapters"] if adapter["package"] != "StoresCore"}
    for name, package, tiers in sorted(actual - known, key=str):
        yield f"KnownAdapters.swift lacks {name} of {package} with {', '.join(sorted(tiers))}"
    for name, package, tiers in sorted(known - actual, key=str):
        yield f"KnownAdapters.swift has {name} of {package} with {', '.join(sorted(tiers))}, and stores adapters has not"


# MARK: Parts


def adapters_table(catalog):
    tiers = [tier for tier in TIERS if any(tier in adapter["tiers"] for adapter in catalog["adapters"])]
    rows = [["adapter", "product", "trait", *tiers, ""]]
    for adapter in catalog["adapters"]:
        rows.append([f"`{adapter['name']}`", f"`{adapter['package']}`", trait(adapter["package"]),
                     *("✓" if tier in adapter["tiers"] else "" for tier in tiers), adapter["summary"]])
    return table(rows)


def matrix(catalog):
    """For each tier, who has which capability."""
    text = ""
    for tier in TIERS:
        serving = [adapter for adapter in catalog["adapters"] if tier in adapter["tiers"]]
        if not serving or not serving[0]["tiers"][tier]["capabilities"]:
            continue
        text += f"\n### {tier.capitalize()}\n\n"
        rows = [["capability", *(f"`{adapter['name']}`" for adapter in serving)]]
        # What is a backend's as a whole, such as shared transactions, only those name that have it.
        for name in sorted({name for adapter in serving for name in adapter["tiers"][tier]["capabilities"]}):
            rows.append([f"`{name}`", *("✓" if adapter["tiers"][tier]["capabilities"].get(name) else "–"
                                        for adapter in serving)])
        for limit in sorted({name for adapter in serving for name in adapter["tiers"][tier]["limits"]}):
            rows.append([f"limit `{limit}`", *(number(adapter["tiers"][tier]["limits"].get(limit))
                                               for adapter in serving)])
        text += table(rows)
    return text + "\n"


def capabilities(catalog, name):
    adapter = named(catalog, name)
    text = ""
    for tier in TIERS:
        if tier not in adapter["tiers"]:
            continue
        served = adapter["tiers"][tier]
        text += f"\n### {tier.capitalize()}\n\n"
        text += "".join(f"- [{'x' if has else ' '}] `{capability}`\n"
                        for capability, has in served["capabilities"].items())
        if served["limits"]:
            text += "\nLimits: " + ", ".join(
                f"`{limit}` {number(value)}" for limit, value in sorted(served["limits"].items())) + ".\n"
    return text + "\n"


def settings(catalog, name):
    found = catalog["settings"] if name == "common" else named(catalog, name)["settings"]
    rows = [["variable", "kind", "default", "meaning"]]
    for setting in found:
        kind = ", ".join(f"`{value}`" for value in setting.get("allowed", [])) or setting["kind"]
        kind += ", required" * setting["required"] + ", secret" * setting["secret"]
        default = f"`{setting['default']}`" if setting.get("default") else ""
        meaning = setting["summary"] + (f" Example: `{setting['example']}`." if setting.get("example") else "")
        rows.append([f"`{setting['variable']}`", kind, default, meaning])
    return table(rows)


PARTS = {"adapters": adapters_table, "matrix": matrix, "capabilities": capabilities, "settings": settings}


def named(catalog, name):
    for adapter in catalog["adapters"]:
        if adapter["name"] == name:
            return adapter
    raise Failed(f"stores adapters has no {name}")


def trait(package):
    """The trait that a package needs of the root, or nothing."""
    if package not in packages():
        return ""
    traits = {item["name"] for item in dump(ROOT)["traits"]}
    for target in dump(ROOT / "Packages" / package)["targets"]:
        for setting in target.get("settings", []):
            if manifests.definition(setting) in traits:
                return f"`{manifests.definition(setting)}`"
    return ""


def number(value):
    return "" if value is None else f"{value:,}".replace(",", " ")


def table(rows):
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
