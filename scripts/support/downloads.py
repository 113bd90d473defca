"""Programs that tests need and nobody has to install: unpacked from Debian's packages and from PyPI into a cache
outside the checkout. Nothing of the system is changed, and no root is needed."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from .shell import Failed, has, install, read

KEYRING = pathlib.Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"


def cache():
    """Root keeps it where other users can read it: servers that refuse to run as root run from it."""
    if named := os.environ.get("BACKEND_STORES_CACHE"):
        return pathlib.Path(named)
    if home := os.environ.get("XDG_CACHE_HOME"):
        return pathlib.Path(home) / "backend-stores"
    return pathlib.Path("/var/cache/backend-stores") if os.geteuid() == 0 \
        else pathlib.Path.home() / ".cache" / "backend-stores"


def debian(name, suite, packages):
    """The folder into which packages of a Debian suite are unpacked, downloaded once."""
    return once(name, lambda folder: unpack(folder, suite, packages))


def built(name, suite, packages, build, download=("download",)):
    """As `debian`, and then what `build(folder)` makes of it."""
    def fill(folder):
        unpack(folder, suite, packages, download)
        build(folder)
    return once(name, fill)


# For `built`: with all that the packages depend on, down to the C library.
WITH_DEPENDENCIES = ("install", "-y", "--no-install-recommends", "--download-only")


def pypi(name, *requirements):
    """A virtual environment with these and what they need, made once."""
    return once(name, lambda folder: environment(folder, requirements))


def once(name, fill):
    """The folder CACHE/name, filled by the first who asks. Processes wait for each other; what is half done is
    never found."""
    folder = cache() / name
    if (folder / ".complete").exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with locked(cache() / f".{name}.lock"):
        if not (folder / ".complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                fill(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            (folder / ".complete").touch()
    return folder


@contextlib.contextmanager
def locked(path):
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def note(text):
    """Not on the standard output: what a script prints there may be meant for a shell to read."""
    print(f"==> {text}", file=sys.stderr, flush=True)


def unpack(folder, suite, packages, download=("download",)):
    with apt(f"deb [signed-by={KEYRING}] {MIRROR} {suite} main", packages) as (scratch, env):
        note(f"downloading {' '.join(packages)} of Debian {suite}")
        read(["apt-get", "-q", "update"], env=env)
        read(["apt-get", "-q", *download, *packages], cwd=scratch, env=env)
        for deb in sorted([*scratch.glob("*.deb"), *scratch.glob("../cache/archives/*.deb")]):
            read(["dpkg", "-x", deb, folder])


def sources(folder, suite, package):
    """Unpacks the sources of a Debian package, as its authors released them, into a folder."""
    with apt(f"deb-src [signed-by={KEYRING}] {MIRROR} {suite} main", [package]) as (scratch, env):
        note(f"downloading the sources of {package} of Debian {suite}")
        read(["apt-get", "-q", "update"], env=env)
        read(["apt-get", "-q", "source", "--download-only", package], cwd=scratch, env=env)
        for archive in scratch.glob("*.orig.tar.*"):
            read(["tar", "-x", "--strip-components=1", "-C", folder, "-f", archive])


@contextlib.contextmanager
def apt(source, packages):
    """A folder to download into, and the environment in which apt-get knows this one source."""
    for program in ("apt-get", "dpkg"):
        if not has(program):
            raise Failed(f"{program} is missing: {', '.join(packages)} are unpacked from Debian's packages; on other "
                         "systems run the backends with Docker, see docker/README.md")
    if not KEYRING.exists():
        raise Failed(f"{KEYRING} is missing; apt-get install debian-archive-keyring")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name in ("lists/partial", "cache/archives/partial", "files", "empty"):
            (scratch / name).mkdir(parents=True)
        (scratch / "sources.list").write_text(source + "\n", encoding="utf-8")
        (scratch / "status").touch()  # nothing counts as installed
        (scratch / "apt.conf").write_text(f"""
Dir::Etc::sourcelist "{scratch}/sources.list";
Dir::Etc::sourceparts "{scratch}/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{scratch}/empty";
Dir::State::lists "{scratch}/lists";
Dir::State::status "{scratch}/status";
Dir::Cache "{scratch}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
""", encoding="utf-8")
        yield scratch / "files", dict(os.environ, APT_CONFIG=str(scratch / "apt.conf"), LC_ALL="C")


def environment(folder, requirements):
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode != 0:
        install(["python3-venv"])
    note(f"installing {' '.join(requirements)} from PyPI")
    read([sys.executable, "-m", "venv", folder])
    read([folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements])


def libraries(folder):
    """The folders of shared libraries in what `debian` unpacked, as LD_LIBRARY_PATH wants them."""
    return ":".join(str(path) for path in sorted(folder.glob("usr/lib/*-linux-gnu*")))


def compose():
    """The Docker Compose v2 binary of Debian sid: `config` needs no engine."""
    folder = debian("compose-sid", "sid", ["docker-compose"])
    return folder / "usr/libexec/docker/cli-plugins/docker-compose"
