"""The documentation catalogs build without warnings.

Symbol graphs are taken from the modules that the tests have built, and handed to the toolchain's `docc`: no manifest
needs a plugin for it."""

import json
import pathlib
import re
import shutil

from .layout import STRICT, dump
from .shell import LOGS, ROOT, Failed, has, read, run

WORK = ROOT / ".build-docs"
# A parameter whose name says it all is not described again.
DELIBERATE = re.compile(r"warning: Parameter '\w+' is missing documentation")


def problems():
    code, _ = run("modules for the documentation",
                  ["swift", "build", "--enable-all-traits", *STRICT, "--scratch-path", ROOT / ".build-test"])
    if code != 0:
        yield "the packages do not build"
        return
    docc = program()
    info = json.loads(read(["swift", "-print-target-info"]))
    triple = info["target"]["triple"]
    modules = ROOT / ".build-test" / "debug" / "Modules"
    for product in dump(ROOT)["products"]:
        name = product["name"]
        catalog = next((ROOT / "Packages").glob(f"*/Sources/{name}/Documentation.docc"), None)
        if catalog is None:
            yield f"{name} has no catalog Documentation.docc"
            continue
        graphs = WORK / "graphs" / name
        shutil.rmtree(graphs, ignore_errors=True)
        graphs.mkdir(parents=True)
        extra = [argument for path in module_maps() for argument in ("-Xcc", f"-fmodule-map-file={path}")]
        # The headers of libmongoc are in folders of their own.
        for pattern in ("libmongoc-*", "libbson-*"):
            extra += [argument for path in pathlib.Path("/usr/include").glob(pattern)
                      for argument in ("-Xcc", f"-I{path}")]
        read(["swift", "symbolgraph-extract", "-module-name", name, "-target", triple, "-I", modules, *extra,
              "-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", graphs])
        code, log = run(
            f"documentation of {name}",
            [docc, "convert", catalog, "--additional-symbol-graph-dir", graphs, "--fallback-display-name", name,
             "--fallback-bundle-identifier", f"stores.{name}", "--output-path", WORK / f"{name}.doccarchive"],
            quiet=True)
        text = log.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.startswith(("warning:", "error:"))
                 and not DELIBERATE.fullmatch(line)]
        if code != 0 or lines:
            yield from (f"{name}: {line}" for line in lines[:20] or [f"docc failed; see {LOGS.name}/{log.name}"])


def program():
    """The toolchain's `docc`: beside `swift`, or, on macOS, where Xcode has it."""
    if has("xcrun"):
        return read(["xcrun", "--find", "docc"]).strip()
    beside = pathlib.Path(shutil.which("swift")).resolve().parent / "docc"
    if not beside.exists():
        raise Failed(f"{beside} is missing: it is part of a Swift toolchain")
    return beside


def module_maps():
    """Of the C modules, of the dependencies and our own, which Swift modules import."""
    return sorted((ROOT / "Packages").glob("*/Sources/*/module.modulemap")) + sorted(
        (ROOT / ".build-test" / "checkouts").glob("*/Sources/**/module.modulemap")) + sorted(
            (ROOT / ".build-test" / "debug").glob("*.build/module.modulemap"))
