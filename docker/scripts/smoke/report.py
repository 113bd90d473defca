"""Asking the services, and what was found."""

import concurrent.futures
import dataclasses
import time
import typing

from .failure import Failure
from .services import ALL, COMPOSE


@dataclasses.dataclass
class Finding:
    """`status` is ok, failed, or down: nothing listens, or another service has the port."""
    service: str
    status: str
    endpoint: str
    message: str
    milliseconds: float
    server: typing.Optional[str] = None
    reason: typing.Optional[str] = None
    remedy: typing.Optional[str] = None


def ask(service, settings, seconds):
    address = None
    start = time.monotonic()

    def finding(status, message, **more):
        return Finding(service.name, status, str(address or ""), message,
                       round((time.monotonic() - start) * 1000, 1), **more)

    try:
        address = service.address(settings)
        server, done = service.check(address, seconds, settings)
    except Failure as failure:
        remedy = failure.remedy
        if failure.reason == "refused":
            remedy = f"start it with: {service.up}"
        elif failure.reason == "timeout":
            remedy = f"look at its log: {COMPOSE} logs --tail 50 {service.name}"
        elif failure.reason == "wrong-server" and remedy is None:
            remedy = f"stop what has the port, then: {service.up}"
        status = "down" if failure.reason == "refused" else "failed"
        return finding(status, failure.message, reason=failure.reason, remedy=remedy)
    # A reply of another shape than the protocol's breaks where it is read, in any way; it is a finding like others.
    except Exception as error:  # noqa: BLE001
        return finding("failed", f"the reply is not what the protocol says ({type(error).__name__}: {error})",
                       reason="protocol")
    return finding("ok", done, server=server)


def ask_all(services, settings, seconds, required):
    """In the order of `services`, all at the same time. Services that share a port and are not required are down
    when another of them answers."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(services)) as pool:
        findings = list(pool.map(lambda service: ask(service, settings, seconds), services))
    answered = {finding.endpoint: finding for finding in findings if finding.status == "ok"}
    by_name = {service.name: service for service in ALL}
    for finding in findings:
        other = answered.get(finding.endpoint)
        if finding.reason != "wrong-server":
            continue
        name = other.service if other else neighbour(finding.message, by_name)
        if name:
            finding.remedy = f"{COMPOSE} stop {name}, then: {by_name[finding.service].up}"
        if other and finding.service not in required:
            finding.status = "down"
    return findings


def neighbour(message, by_name):
    """The service that a message names as the one that answered."""
    words = message.partition(" is answered by ")[2].split()
    name = words[0].lower() if words else ""
    return name if name in by_name else None


MARKS = {"ok": "ok    ", "failed": "FAILED", "down": "down  "}


def render(findings, required):
    """A line for each, with what to do below it. Those that are down, and need not be up, share one."""
    lines = []
    shown = [finding for finding in findings if finding.status != "down" or finding.service in required]
    width = max((len(finding.service) for finding in shown), default=0)
    places = max((len(finding.endpoint) for finding in shown), default=0)
    for finding in shown:
        text = f"{finding.server}: {finding.message}" if finding.server else finding.message
        lines.append(f"{MARKS[finding.status]}  {finding.service:<{width}}  {finding.endpoint:<{places}}  {text}"
                     f"  {finding.milliseconds:.0f} ms")
        if finding.remedy and finding.status != "ok":
            lines.append(f"{'':<8}{'':<{width}}  {finding.remedy}")
    rest = [finding.service for finding in findings if finding not in shown]
    if rest:
        lines.append(f"{MARKS['down']}  {', '.join(rest)}")
    return "\n".join(lines)
