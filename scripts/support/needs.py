"""What a package needs of the machine, which its manifest cannot say: PACKAGE/Tests/needs.json.

    {
        "debian": ["libsqlite3-dev"],       Debian packages with C headers and libraries, for who builds it too
        "servers": ["redis", "valkey"],     for its tests, by the names of scripts/services
        "python": ["redis==7.0.1"]          for its tests: clients in another language, from PyPI
    }
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import tempfile

from . import downloads
from .backends import BACKENDS, Place
from .layout import siblings
from .services import Service, exclusive
from .shell import ROOT, Failed

KEYS = {"debian", "servers", "python"}


def needs(folder):
    """What the package in a folder says."""
    file = folder / "Tests/needs.json"
    if not file.exists():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Failed(f"{file}: {error}") from error
    if unknown := found.keys() - KEYS:
        raise Failed(f"{file}: {', '.join(sorted(unknown))}; known are {', '.join(sorted(KEYS))}")
    if unknown := set(found.get("servers", [])) - BACKENDS.keys():
        raise Failed(f"{file}: no server {', '.join(sorted(unknown))}; there are {', '.join(BACKENDS)}")
    return found


def debian(folders):
    """The Debian packages that these packages need to be built, and those they depend on by path."""
    found = set()
    for folder in folders:
        for each in (folder, *siblings(folder)):
            found |= set(needs(each).get("debian", []))
    return sorted(found)


def clients(folder):
    """TEST_PYTHON for the clients in Python that a package's tests use, if any."""
    requirements = sorted(needs(folder).get("python", []))
    if not requirements:
        return {}
    name = "python-" + hashlib.sha256(" ".join(requirements).encode()).hexdigest()[:12]
    return {"TEST_PYTHON": str(downloads.pypi(name, *requirements) / "bin/python")}


@contextlib.contextmanager
def met(folder):
    """Starts the servers that a package's tests need, with empty data and apart from those that a developer runs, and
    gives the variables that point at them. Stops and deletes them at the end.

    A server that a variable points at already (POSTGRES_URL, say) is used instead.

    `BACKEND_SERVICES` names scripts/services: tests can kill a server with it and start it again."""
    variables = clients(folder)
    names = [name for name in needs(folder).get("servers", []) if not is_named(name)]
    if not names:
        yield variables
        return
    state = tempfile.mkdtemp(prefix="backend-stores-")
    # Postgres runs as another user when this is root.
    os.chmod(state, 0o755)
    before = os.environ.get("BACKEND_STORES_STATE")
    os.environ["BACKEND_STORES_STATE"] = state
    services = [Service(name) for name in names]
    try:
        with exclusive():
            for service in services:
                service.start()
                variables |= service.variables()
        variables["BACKEND_SERVICES"] = str(ROOT / "scripts/services")
        yield variables
    finally:
        # Also what the tests started themselves.
        for name in BACKENDS:
            Service(name).wipe()
        shutil.rmtree(state, ignore_errors=True)
        os.environ.pop("BACKEND_STORES_STATE")
        if before is not None:
            os.environ["BACKEND_STORES_STATE"] = before


def is_named(server):
    """Whether the caller points at a server of his own: the first of a backend's variables has its address."""
    return next(iter(BACKENDS[server].variables(Place(pathlib.Path(), 0)))) in os.environ
