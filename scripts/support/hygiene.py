"""Format, forbidden words, links."""

import re
import subprocess

from .shell import ROOT

SOURCES = ["Package.swift", "Packages", "Tests", "Examples", "Benchmarks"]


def tracked(*suffixes):
    """The files that are committed, or would be."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [ROOT / name for name in sorted(names) if name.endswith(suffixes) and (ROOT / name).is_file()]


def formatting():
    files = [path for path in tracked(".swift") if path.relative_to(ROOT).parts[0] in SOURCES]
    done = subprocess.run(
        ["swift", "format", "lint", "--strict", "--parallel", "--configuration", ROOT / ".swift-format", *files],
        cwd=ROOT, capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if ": error:" in line or ": warning:" in line]
    # It tells of long strings, which can't be broken, and not of long comments.
    yield from (line.replace(f"{ROOT}/", "") for line in lines if "[LineLength]" not in line)
    for path in files:
        yield from long_lines(path)
    if done.returncode != 0 and not lines:
        yield done.stderr.strip()[:400]


def long_lines(path):
    """Lines of more than 120 characters without a string."""
    is_inside = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if len(line) > 120 and not is_inside and '"' not in re.split(r"//", line, maxsplit=1)[0]:
            yield f"{path.relative_to(ROOT)}:{number}: {len(line)} characters"
        if line.count('"""') % 2:
            is_inside = not is_inside


# In sources: a trap, or a note to self. In tests, a trap is a failed test.
TRAPS = re.compile(r"\bfatalError\(|\btry!|\bpreconditionFailure\(|\bunimplemented\b")
NOTES = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SWALLOWED = re.compile(r"\bXCTest\b")


def sources():
    for path in tracked(".swift"):
        relative = path.relative_to(ROOT)
        is_source = "Sources" in relative.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = re.sub(r'"(\\.|[^"\\])*"', '""', line.split("//")[0])
            if is_source and TRAPS.search(code):
                yield f"{relative}:{number}: {TRAPS.search(code)[0]} in a source"
            if NOTES.search(line):
                yield f"{relative}:{number}: {NOTES.search(line)[0]}"
            if SWALLOWED.search(code):
                yield f"{relative}:{number}: tests are Swift Testing's"


LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def links():
    """Relative links lead to files and to headings that exist. Symbol links are DocC's to check."""
    for path in tracked(".md"):
        if ".docc" in str(path):
            continue
        text = without_code(path.read_text(encoding="utf-8"))
        for target in LINK.findall(text):
            if "://" in target or target.startswith("mailto:"):
                continue
            name, _, anchor = target.partition("#")
            linked = (path.parent / name).resolve() if name else path
            if not linked.exists():
                yield f"{path.relative_to(ROOT)}: {target} does not exist"
            elif anchor and linked.suffix == ".md" and anchor not in anchors(linked):
                yield f"{path.relative_to(ROOT)}: {target} has no such heading"


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(path):
    """The anchors of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.M):
        plain = re.sub(r"[`*]", "", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        while anchor in found:
            anchor += "-1"
        found.add(anchor)
    return found
