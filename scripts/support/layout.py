"""What the repository consists of."""

import json

from .shell import ROOT, read

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


def third_parties(folder):
    """The URLs of the packages that the package in a folder needs, through its siblings too."""
    found = set()
    for line in (folder / "Package.swift").read_text(encoding="utf-8").splitlines():
        if '.package(url: "' in line:
            found.add(line.split('"')[1])
        elif '.package(path: "' in line:
            found |= third_parties((folder / line.split('"')[1]).resolve())
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
