"""What the repository consists of."""

import json

from .shell import ROOT, read

# The same for every build in a scratch folder: other flags would compile everything again. Dependencies by URL are
# compiled with their warnings suppressed, so this reaches our own sources alone.
STRICT = ["-Xswiftc", "-warnings-as-errors", "--explicit-target-dependency-import-check", "error"]

# Built from here only: a program, and nothing that another package would depend on.
PROGRAMS = {"StoresCLI"}


def packages():
    """The names of the packages under Packages/."""
    return sorted(path.parent.name for path in (ROOT / "Packages").glob("*/Package.swift"))


def examples():
    return sorted(path.parent.name for path in (ROOT / "Examples").glob("*/Package.swift"))


def building_order(folders):
    """Those with fewer third-party packages first: a package that is resolved for the first time in a shared scratch
    folder drops the checkouts that it does not need, and a later one that does compiles them anew."""
    return sorted(folders, key=lambda folder: (len(third_parties(folder)), str(folder)))


def siblings(folder):
    """The folders of the packages that the package in a folder needs by path, through each other too."""
    found = set()
    for line in (folder / "Package.swift").read_text(encoding="utf-8").splitlines():
        if '.package(path: "' in line:
            sibling = (folder / line.split('"')[1]).resolve()
            found |= {sibling} | siblings(sibling)
    return found


def third_parties(folder):
    """The URLs of the packages that the package in a folder needs, through its siblings too."""
    return {
        line.split('"')[1]
        for each in (folder, *siblings(folder))
        for line in (each / "Package.swift").read_text(encoding="utf-8").splitlines() if '.package(url: "' in line
    }


_dumps = {}


def dump(folder):
    """The manifest in a folder as JSON."""
    folder = folder.resolve()
    if folder not in _dumps:
        _dumps[folder] = json.loads(
            read(["swift", "package", "--package-path", folder, "--scratch-path", ROOT / ".build-manifests",
                  "dump-package"]))
    return _dumps[folder]
