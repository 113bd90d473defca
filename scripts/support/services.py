"""Backends as this checkout runs them: started, remembered from one call of a script to the next, stopped."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import sys
import time

from . import downloads, processes
from .backends import BACKENDS, Place
from .shell import ROOT, Failed


def state():
    """Where data, logs and process ids are kept; servers that do not run as root must reach it."""
    if named := os.environ.get("BACKEND_STORES_STATE"):
        return pathlib.Path(named)
    if home := os.environ.get("XDG_STATE_HOME"):
        base = pathlib.Path(home)
    else:
        base = pathlib.Path("/var/lib") if os.geteuid() == 0 else pathlib.Path.home() / ".local/state"
    return base / "backend-stores" / f"{ROOT.name}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


@contextlib.contextmanager
def exclusive():
    """Two calls at once would start a backend twice."""
    state().mkdir(parents=True, exist_ok=True)
    with downloads.locked(state() / ".lock"):
        yield


class Service:
    """A backend, with what is remembered of it."""

    def __init__(self, name):
        self.backend = BACKENDS[name]
        self.folder = state() / name
        self.record = self.folder / "service.json"
        self.log = self.folder / "log"

    def remembered(self):
        try:
            return json.loads(self.record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def running(self):
        """What is remembered, if the process still runs."""
        found = self.remembered()
        # One that ended while it was being started has no start.
        alive = found and found["started"] is not None and processes.started(found["pid"]) == found["started"]
        return found if alive else None

    def place(self, port):
        return Place(self.folder, port)

    def variables(self):
        """What points applications at it, if it runs."""
        found = self.running()
        return self.backend.variables(self.place(found["port"])) if found else {}

    def start(self):
        name, backend = self.backend.name, self.backend
        if found := self.running():
            place = self.place(found["port"])
            if not backend.is_ready(place):
                raise Failed(f"{name} runs as process {found['pid']} and does not answer; see {self.log}")
            # Who started it may have been stopped before this.
            backend.finish(place)
            print(f"{name} runs already on port {found['port']}", file=sys.stderr)
            return
        begin = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        backend.prepare(self.place(0))
        # Another checkout that starts one at this moment would be given the same free port.
        with downloads.locked(downloads.cache() / ".ports.lock"):
            port = processes.free_port(self.remembered().get("port", backend.port))
            place = self.place(port)
            child = processes.launch(backend.command(place), self.log, backend.environment(place), backend.user())
            record = {"pid": child.pid, "started": processes.started(child.pid), "port": port, "since": time.time()}
            self.record.write_text(json.dumps(record), encoding="utf-8")
            until = time.monotonic() + backend.seconds
            while not backend.is_ready(place):
                if child.poll() is not None:
                    raise Failed(f"{name} ended with exit code {child.returncode}:\n{self.tail()}")
                if time.monotonic() > until:
                    self.stop()
                    raise Failed(f"{name} did not answer within {backend.seconds} s:\n{self.tail()}")
                time.sleep(0.05)
        backend.finish(place)
        print(f"{name} answers on port {port} after {time.monotonic() - begin:.1f} s", file=sys.stderr)

    def tail(self):
        return "\n".join("    " + line for line in self.log.read_text(errors="replace").splitlines()[-12:])

    def stop(self, how=None):
        found = self.running()
        if found:
            processes.stop(found["pid"], found["started"], how or self.backend.stop_signal)
            print(f"{self.backend.name} is stopped", file=sys.stderr)
        return found is not None

    def kill(self):
        """Ends it as a crash would: what it has not written is lost."""
        return self.stop(signal.SIGKILL)

    def wipe(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
