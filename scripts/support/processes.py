"""Processes that outlive the script that started them."""

import os
import pathlib
import signal
import socket
import subprocess
import time


def started(pid):
    """When a process started, in the kernel's own count, or None when it does not run. Together with the id it names
    a process for good: ids are used again."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    if pathlib.Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip() or None


def ended(pid, seconds):
    """Whether a process has ended, after at most some seconds."""
    until = time.monotonic() + seconds
    while started(pid) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def launch(command, log, env=None, user=None):
    """Starts a process in a session of its own, which no signal meant for this script's group reaches."""
    options = {}
    if user is not None:
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with open(log, "ab") as out:
        child = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
            start_new_session=True, env=env, **options)
    return child


def stop(pid, start, how=signal.SIGTERM, patience=20):
    """Asks a process to end, and after `patience` seconds ends it."""
    for number, seconds in ((how, patience), (signal.SIGKILL, 5)):
        if started(pid) != start:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while started(pid) == start and time.monotonic() < until:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
            time.sleep(0.02)


def free_port(preferred):
    """The preferred port of 127.0.0.1, or a free one near it when something else has it."""
    for port in range(preferred, preferred + 400, 7):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {preferred} on")
