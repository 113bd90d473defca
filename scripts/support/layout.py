"""What the repository consists of."""

import json

from .shell import ROOT, read

# Built from here only: a program, and nothing that another package would depend on.
PROGRAMS = {"StoresCLI"}


def packages():
    """The packages under Packages/, those with fewer third-party packages first: a package that is resolved in a
    shared scratch folder drops the checkouts that it does not need."""
    found = [path.parent.name for path in sorted((ROOT / "Packages").glob("*/Package.swift"))]
    return sorted(found, key=lambda name: (len(third_parties(name)), name))


def examples():
    return [path.parent for path in sorted((ROOT / "Examples").glob("*/Package.swift"))]


def third_parties(name):
    """The URLs of the packages that a package needs, through its siblings too."""
    text = (ROOT / "Packages" / name / "Package.swift").read_text(encoding="utf-8")
    found = set()
    for line in text.splitlines():
        if '.package(url: "' in line:
            found.add(line.split('"')[1])
        elif '.package(path: "../' in line:
            found |= third_parties(line.split('"')[1].removeprefix("../"))
    return found


_dumps = {}


def dump(folder):
    """The manifest in a folder as JSON."""
    folder = folder.resolve()
    if folder not in _dumps:
        _dumps[folder] = json.loads(
            read(["swift", "package", "--package-path", folder, "--scratch-path", ROOT / ".build-manifests",
                  "dump-package"]))
    return _dumps[folder]
