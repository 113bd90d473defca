"""The Swift in README.md, Docs and the documentation catalogs compiles.

A block after `<!-- source: PATH -->` is that file, word for word; `scripts/check --update` copies it. A block with
`.package(` is put into a manifest, which is evaluated, and its products and traits are looked for in ours. Any other block is compiled as the body of a function that
is handed opened `stores`, or, where it has a `@main` or declares types that can't stand in a function, as a file."""

import json
import re
import shutil

from .hygiene import tracked
from .layout import PROGRAMS, STRICT, dump, packages
from .shell import ROOT, Failed, read, run

BLOCK = re.compile(r"(?:<!-- source: (\S+) -->\n)?^```swift\n(.*?)^```$", re.S | re.M)
WORK = ROOT / ".build-snippets"


def documents():
    return [path for path in tracked(".md")
            if ".docc" in str(path) or path.relative_to(ROOT).parts[0] in ("README.md", "Docs")]


def copies(update=False):
    for path in documents():
        text = path.read_text(encoding="utf-8")

        def replaced(match):
            if not match[1]:
                return match[0]
            source = ROOT / match[1]
            content = source.read_text(encoding="utf-8") if source.exists() else f"// {match[1]} does not exist\n"
            return f"<!-- source: {match[1]} -->\n```swift\n{content}```"

        fresh = BLOCK.sub(replaced, text)
        if fresh != text and update:
            path.write_text(fresh, encoding="utf-8")
        elif fresh != text:
            yield f"{path.relative_to(ROOT)} is out of date; run scripts/check --update"


def problems():
    shutil.rmtree(WORK / "Sources", ignore_errors=True)
    sources = WORK / "Sources/Snippets"
    sources.mkdir(parents=True)
    places = {}
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for number, match in enumerate(BLOCK.finditer(text)):
            if match[1]:
                continue
            line = text.count("\n", 0, match.start(2)) + 1
            place = f"{path.relative_to(ROOT)}:{line}"
            if re.match(r"\s*\.(package|product)\(", match[2]):
                yield from evaluate(match[2], place)
                continue
            name = re.sub(r"\W", "_", f"{path.relative_to(ROOT)}_{number}")
            places[name] = place
            (sources / f"{name}.swift").write_text(program(match[2], name), encoding="utf-8")
    (WORK / "Package.swift").write_text(manifest(), encoding="utf-8")
    code, log = run("the documentation's code",
                    ["swift", "build", "--package-path", WORK, *STRICT, "--scratch-path", ROOT / ".build-packages"],
                    quiet=True)
    if code == 0:
        return
    found = sorted(set(re.findall(r"/Sources/Snippets/(\w+)\.swift:(\d+):\d+: error: (.*)",
                                  log.read_text(encoding="utf-8"))))
    for name, line, message in found:
        yield f"{places[name]}: {message} (line {line} of {name}.swift)"
    if not found:
        yield f"the snippets do not build; see .build-logs/{log.name}"


def program(block, name):
    """A file from a block: imports first, and statements in a function."""
    lines = block.splitlines()
    imports = sorted({line for line in lines if line.startswith("import ")} | {"import StoresCore"})
    rest = "\n".join(line for line in lines if not line.startswith("import "))
    if re.search(r"^(@main|@Suite|extension |public |protocol |struct \w+: \w+Driver)", rest, re.M):
        body = re.sub(r"^@main\n", "", rest, flags=re.M)
    else:
        # What a block shows and leaves unused is no mistake of it.
        made = "".join(f"\n_ = {each}" for each in re.findall(r"^let (\w+)\b", rest, re.M))
        body = f"func {name}(_ stores: Stores) async throws {{\n{rest}{made}\n}}"
    return "\n".join(imports) + "\n\n" + body + "\n"


def evaluate(block, place):
    """`.package(…)` and `.product(…)` lines, in a manifest of their own."""
    folder = WORK / "manifest"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [line.rstrip().rstrip(",") for line in block.splitlines() if line.strip() and "//" not in line[:3]]
    packages = ",\n".join(line for line in lines if ".package(" in line)
    products = ",\n".join(line for line in lines if ".product(" in line)
    (folder / "Package.swift").write_text(
        "// swift-tools-version: 6.2\nimport PackageDescription\n"
        f'let package = Package(name: "Snippet", dependencies: [\n{packages}\n], targets: [\n'
        f'.target(name: "Snippet", dependencies: [\n{products}\n])])\n', encoding="utf-8")
    try:
        found = json.loads(read(["swift", "package", "--package-path", folder, "--scratch-path",
                                 ROOT / ".build-manifests", "dump-package"]))
    except Failed:
        yield f"{place}: the manifest's lines are none"
        return
    yield from (f"{place}: {problem}" for problem in unknown(found, dump(ROOT)))


def unknown(found, root):
    """The products and traits of ours that a manifest names, and that there are not."""
    name = root["name"]
    traits = {trait["name"] for trait in root["traits"]}
    products = {product["name"] for product in root["products"]}
    for dependency in found["dependencies"]:
        for source in dependency.get("sourceControl", []):
            if source["identity"] == name:
                for trait in source["traits"]:
                    if trait["name"] not in traits | {"default"}:
                        yield f"{name} has no trait {trait['name']}"
    for target in found["targets"]:
        for dependency in target["dependencies"]:
            product, package = dependency["product"][:2]
            if package == name and product not in products:
                yield f"{name} has no product {product}"


def manifest():
    """Of a package that depends on all of ours: one that needs less would drop the checkouts of the others from the
    scratch folder that they share."""
    libraries = [name for name in packages() if name not in PROGRAMS]
    paths = "".join(f'        .package(path: "../Packages/{name}"),\n' for name in libraries)
    products = "".join(f'                .product(name: "{name}", package: "{name}"),\n' for name in libraries)
    return f"""// swift-tools-version: 6.2
import PackageDescription

// Written by scripts/check from the documentation.
let package = Package(
    name: "Snippets",
    platforms: [.macOS(.v15)],
    dependencies: [
{paths}    ],
    targets: [
        .target(
            name: "Snippets",
            dependencies: [
{products}            ])
    ]
)
"""
