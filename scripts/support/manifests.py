"""The root manifest and those of the packages describe the same targets."""

import json

from .layout import PROGRAMS, dump, packages
from .shell import ROOT


def problems():
    root = dump(ROOT)
    root_targets = {target["name"]: target for target in root["targets"]}
    root_parties = third_parties(root)
    always = set(third_parties(dump(ROOT / "Packages/StoresCore")))
    traits = {trait["name"] for trait in root["traits"]} - {"default"}
    defaults = [trait for trait in root["traits"] if trait["name"] == "default"]
    if any(trait.get("enabledTraits") for trait in defaults):
        yield "no trait may be enabled by default: who depends by URL would fetch what he does not use"
    seen_targets, seen_products, seen_traits = set(), set(), set()
    for name in packages():
        if name in PROGRAMS:
            continue
        nested = dump(ROOT / "Packages" / name)
        for key in ("platforms", "swiftLanguageVersions", "toolsVersion"):
            if nested[key] != root[key]:
                yield f"{name}: {key} is {nested[key]}, and {root[key]} in the root"
        for product in nested["products"]:
            seen_products.add(product["name"])
            if product not in root["products"]:
                yield f"{name}: the root has no product {product['name']} of the same targets and type"
        for identity, party in third_parties(nested).items():
            if root_parties.get(identity) != party:
                yield f"{name}: {identity} is {party}, and {root_parties.get(identity)} in the root"
        for target in nested["targets"]:
            seen_targets.add(target["name"])
            yield from compare(name, target, root_targets.get(target["name"]), always, traits, seen_traits)
    for unknown in set(root_targets) - seen_targets:
        yield f"the root has a target {unknown} that no package has"
    for unknown in {product["name"] for product in root["products"]} - seen_products:
        yield f"the root has a product {unknown} that no package has"
    for unused in traits - seen_traits:
        yield f"the trait {unused} guards nothing"


def third_parties(manifest):
    """Requirement and traits of each package that comes by URL."""
    found = {}
    for dependency in manifest["dependencies"]:
        for source in dependency.get("sourceControl", []):
            found[source["identity"]] = json.dumps(
                [source["location"], source["requirement"], source["traits"]], sort_keys=True)
    return found


def compare(package, target, root, always, traits, seen_traits):
    name = f"{package}: target {target['name']}"
    if root is None:
        yield f"{name} is missing in the root"
        return
    if target["type"] != root["type"]:
        yield f"{name} is {target['type']}, and {root['type']} in the root"
    folder = "Tests" if target["type"] == "test" else "Sources"
    path = f"Packages/{package}/" + target.get("path", f"{folder}/{target['name']}")
    if root.get("path") != path:
        yield f"{name} is at {path}, and at {root.get('path')} in the root"
    for key in ("exclude", "resources", "pkgConfig", "providers", "publicHeadersPath", "sources"):
        if target.get(key) != root.get(key):
            yield f"{name}: {key} differs"
    # A trait is a compilation condition in the root; the nested manifest defines it.
    own = [setting for setting in target.get("settings", []) if definition(setting) not in traits]
    conditions = {definition(setting) for setting in target.get("settings", [])} & traits
    seen_traits |= conditions
    if own != root.get("settings", []):
        yield f"{name}: the settings differ"
    mine, theirs = dependencies(target), dependencies(root)
    for dependency in sorted(mine.keys() - theirs.keys()):
        yield f"{name}: the root lacks its dependency {dependency}"
    for dependency in sorted(theirs.keys() - mine.keys()):
        yield f"{name}: the root has a dependency {dependency} that it lacks"
    for dependency in sorted(mine.keys() & theirs.keys()):
        guards = theirs[dependency]
        is_guarded = "/" in dependency and dependency.split("/")[0].lower() not in always
        if is_guarded and (not guards or not guards <= conditions):
            yield f"{name}: in the root {dependency} must be conditional on a trait that {package} defines"
        if not is_guarded and guards:
            yield f"{name}: in the root {dependency} is conditional, and needs no trait"


def definition(setting):
    return setting["kind"].get("define", {}).get("_0")


def dependencies(target):
    """Each dependency with the traits it is conditional on; siblings and targets by name, products as package/name."""
    found = {}
    for dependency in target["dependencies"]:
        for kind, value in dependency.items():
            condition = value[-1] or {}
            name = value[0]
            if kind == "product" and not value[1].startswith("Stores"):
                name = f"{value[1]}/{value[0]}"
            found[name] = set(condition.get("traits") or [])
    return found
