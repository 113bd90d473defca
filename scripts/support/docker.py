"""The tests of adapters on the real servers of the bundle, for scripts/test --docker."""

import contextlib
import subprocess

from .bundle import FILE, Bundle
from .needs import clients, needs
from .shell import ROOT, Failed, has

# Where the bundle calls a server of scripts/services otherwise. A peer stands for what it is a peer of.
NAMES = {"s3": "minio", "mongodb-replica-peer": "mongodb"}


def service(server):
    return NAMES.get(server, server.removesuffix("-peer"))


def require_engine():
    """There is nothing to fall back on: a run without the real servers is no run."""
    if not has("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        raise Failed("--docker wants a Docker engine that answers, with Compose 2; without one, scripts/test runs the "
                     "same suites on the servers and peers of scripts/services")


def compose(*arguments):
    done = subprocess.run(["docker", "compose", "-f", str(FILE), *arguments], cwd=ROOT, text=True, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise Failed(f"docker compose {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def services(folder):
    """The bundle's services for a package's tests, and the servers for which it has none."""
    servers = needs(folder).get("servers", [])
    known = Bundle().services
    return (list(dict.fromkeys(service(server) for server in servers if service(server) in known)),
            [server for server in servers if service(server) not in known])


@contextlib.contextmanager
def bundled(folder, name):
    """As `needs.met`, with one service of the bundle: one, since alternates share a port. It is stopped at the end if
    it did not run before. Tests that kill a server (BACKEND_SERVICES) are skipped: it may be a developer's."""
    own = ["--profile", name]
    runs = name in compose(*own, "ps", "--services", "--status", "running").split()
    try:
        if not runs:
            compose(*own, "up", "--detach", "--wait", name)
        yield {**clients(folder), **Bundle().connect(name)}
    finally:
        if not runs:
            compose(*own, "stop", name)
