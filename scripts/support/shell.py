"""What the scripts share: running commands with a log, saying what is done, installing what is missing."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOGS = ROOT / ".build-logs"


class Failed(Exception):
    """A command failed; what there was to say is printed already."""


def end_cleanly():
    """Ends the script with its `finally` and `atexit`, whoever asks it to end; Python does so for Ctrl-C alone."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


def say(text):
    print(f"==> {text}", flush=True)


def read(command, cwd=ROOT, env=None, accept=(0,)):
    """The standard output of a command; its errors are shown when it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, text=True, capture_output=True)
    if done.returncode not in accept:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
        raise Failed(" ".join(map(str, command)))
    return done.stdout


NOTABLE = re.compile(r"(^|\s)(error|warning): |^✘|^➜|^Fatal error|: Fatal error|unexpected signal")
# Said of third-party packages, which nobody here can mend.
FOREIGN = re.compile(r"^warning: '(swift-|grdb|benchmark|package-)|/(checkouts|repositories)/|^\[\d+/\d+\]")


def run(name, command, cwd=ROOT, env=None, quiet=False):
    """Runs a command, keeps its whole output in a log, shows its errors, warnings and failed tests.

    Returns its exit code and the path of the log."""
    LOGS.mkdir(exist_ok=True)
    log = LOGS / (re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") + ".log")
    start = time.monotonic()
    seen = set()
    with open(log, "w", encoding="utf-8") as out:
        child = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        try:
            for line in child.stdout:
                out.write(line)
                if quiet or line in seen or not NOTABLE.search(line) or FOREIGN.search(line):
                    continue
                seen.add(line)
                print("    " + line.rstrip(), flush=True)
            code = child.wait()
        except BaseException:
            end_group(child)
            raise
    seconds = time.monotonic() - start
    if code != 0 and not quiet:
        print(f"    failed with exit code {code}; the end of {log.relative_to(ROOT)}:")
        print("".join("    | " + line for line in log.read_text(encoding="utf-8").splitlines(True)[-15:]))
    say(f"{name}: {'done' if code == 0 else 'FAILED'} in {seconds:.0f} s")
    return code, log


def end_group(child, patience=10):
    """Ends a child that leads a session, and what it started in it; waits until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
            child.wait(patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def has(program):
    return shutil.which(program) is not None


def install(packages):
    """Installs Debian packages that are missing, as root or through sudo, and says so."""
    if not has("dpkg-query"):
        return
    missing = [name for name in packages if subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True
    ).stdout != "install ok installed"]
    if not missing:
        return
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and not has("sudo"):
        sys.exit(f"missing: {' '.join(missing)}; install with: apt-get install {' '.join(missing)}")
    say(f"installing {' '.join(missing)} with {'sudo ' if prefix else ''}apt-get")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for step in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *missing]):
        subprocess.run([*prefix, "apt-get", *step], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)


def need_swift():
    if not has("swift"):
        sys.exit("Swift 6.2 or later is needed: https://www.swift.org/install")
    version = read(["swift", "--version"]).splitlines()[0]
    number = re.search(r"version (\d+)\.(\d+)", version)
    if not number or (int(number[1]), int(number[2])) < (6, 2):
        sys.exit(f"Swift 6.2 or later is needed; found: {version}")
    say(version)
