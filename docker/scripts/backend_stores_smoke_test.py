#!/usr/bin/env python3
"""Does each backend do what it is there for? A round trip over its own protocol, from the host.

    docker/scripts/backend_stores_smoke_test.py                          every service that listens
    docker/scripts/backend_stores_smoke_test.py --require postgres redis these, which must be up
    docker/scripts/backend_stores_smoke_test.py --json                   one JSON document

Addresses and passwords come from the variables of docker/env.example, out of the environment or out of .env beside
the compose file. Python 3.8 and its standard library are enough. What is written is deleted again.

Exit code 0: all that was asked answered as it should, and at least one did. 1: something failed, or nothing runs.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from smoke.report import ask_all, render  # noqa: E402
from smoke.services import ALL, COMPOSE  # noqa: E402
from smoke.settings import Settings  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--require", nargs="+", metavar="NAME", default=[], help="ask these alone; all must be up")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--timeout", type=float, default=10, metavar="SECONDS", help="for each service; 10")
    parser.add_argument("--env-file", default=ROOT / ".env", metavar="FILE", help="instead of .env")
    arguments = parser.parse_args()
    names = [service.name for service in ALL]
    for name in arguments.require:
        if name not in names:
            parser.error(f"no service is called {name}; there are: {', '.join(names)}")
    services = [service for service in ALL if not arguments.require or service.name in arguments.require]
    settings = Settings(os.environ, arguments.env_file)
    findings = ask_all(services, settings, arguments.timeout, arguments.require)
    failed = [finding for finding in findings
              if finding.status == "failed" or finding.service in arguments.require and finding.status != "ok"]
    good = [finding for finding in findings if finding.status == "ok"]
    passed = not failed and bool(good)
    if arguments.json:
        json.dump({"ok": passed, "services": [dataclasses.asdict(finding) for finding in findings]}, sys.stdout,
                  indent=2)
        print()
    else:
        print(render(findings, arguments.require))
        counts = {status: sum(finding.status == status for finding in findings) for status in ("ok", "failed", "down")}
        print(", ".join(f"{count} {status}" for status, count in counts.items()))
        if not good and not failed:
            print(f"nothing runs; start with: {COMPOSE} up -d")
    sys.exit(0 if passed else 1)


main()
