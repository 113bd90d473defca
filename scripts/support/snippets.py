"""The Swift in README.md and Docs compiles.

A block after `<!-- source: PATH -->` is that file, word for word; `scripts/check --update` copies it. A block with
`.package(` is put into a manifest, which is then evaluated. Any other block is compiled as the body of a function that
is handed opened `stores`, or, where it has a `@main` or declares types that can't stand in a function, as a file."""

import re
import shutil

from .hygiene import tracked
from .shell import ROOT, read, run

BLOCK = re.compile(r"(?:<!-- source: (\S+) -->\n)?^```swift\n(.*?)^```$", re.S | re.M)
WORK = ROOT / ".build-snippets"


def documents():
    return [path for path in tracked(".md")
            if ".docc" not in str(path) and path.relative_to(ROOT).parts[0] in ("README.md", "Docs")]


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
    (WORK / "Package.swift").write_text(MANIFEST, encoding="utf-8")
    code, log = run("the documentation's code",
                    ["swift", "build", "--package-path", WORK, "--scratch-path", ROOT / ".build-packages",
                     "-Xswiftc", "-warnings-as-errors", "--explicit-target-dependency-import-check", "error"],
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
        body = f"func {name}(_ stores: Stores) async throws {{\n{rest}\n}}"
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
        read(["swift", "package", "--package-path", folder, "--scratch-path", ROOT / ".build-manifests",
              "dump-package"])
    except Exception:  # noqa: BLE001
        yield f"{place}: the manifest's lines are none"


MANIFEST = """// swift-tools-version: 6.2
import PackageDescription

// Written by scripts/check from the documentation.
let package = Package(
    name: "Snippets",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(path: "../Packages/StoresCore"),
        .package(path: "../Packages/StoresConformance"),
        .package(path: "../Packages/StoresFile"),
        .package(path: "../Packages/StoresSQLite"),
    ],
    targets: [
        .target(
            name: "Snippets",
            dependencies: [
                .product(name: "StoresCore", package: "StoresCore"),
                .product(name: "StoresConformance", package: "StoresConformance"),
                .product(name: "StoresFile", package: "StoresFile"),
                .product(name: "StoresSQLite", package: "StoresSQLite"),
            ])
    ]
)
"""
