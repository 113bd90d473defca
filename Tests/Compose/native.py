"""The native servers of the tests: `scripts/services` with a state folder of its own, so that servers which a
developer runs stay as they are. Started by the first test that asks, stopped and deleted at the end of the run."""

import atexit
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = ["postgres", "redis", "valkey", "chroma", "s3"]
# Theirs, in the words of the bundle.
SERVICES = ["postgres", "redis", "valkey", "chroma", "minio"]

_state = None


def state():
    global _state
    if _state is None:
        _state = tempfile.mkdtemp(prefix="backend-stores-")
        # Postgres runs as another user when this is root.
        os.chmod(_state, 0o755)
        atexit.register(remove)
    return _state


def remove():
    services("wipe", *NAMES)
    subprocess.run(["rm", "-rf", _state], check=False)


def services(*arguments):
    """Exit code, standard output, standard error of scripts/services."""
    env = {**os.environ, "BACKEND_STORES_STATE": state()}
    done = subprocess.run([ROOT / "scripts/services", *arguments], env=env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def start(*names):
    """The variables that point at them."""
    code, out, errors = services("start", *(names or NAMES))
    if code != 0:
        raise AssertionError(f"scripts/services start: {errors.strip()}")
    return dict(line.split("=", 1) for line in out.splitlines())
