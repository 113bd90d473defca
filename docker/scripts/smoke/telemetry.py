"""The collector takes a span over OTLP; Jaeger's query service answers."""

import os
import time

from .failure import Failure
from .http import Client


def collector(address, seconds):
    client = Client(address, seconds, variable="OTEL_EXPORTER_OTLP_ENDPOINT")
    end = time.time_ns()
    span = {"traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "name": "smoke test", "kind": 1,
            "startTimeUnixNano": str(end - 1_000_000), "endTimeUnixNano": str(end)}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "smoke-test"}}]}
    reply = client.send("POST", "/v1/traces", {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "smoke-test"}, "spans": [span]}]}]})
    if reply.status in (401, 403):
        raise Failure("authentication", f"the collector refuses ({reply.status})", "check OTEL_EXPORTER_OTLP_HEADERS")
    answer = reply.json()
    if reply.status != 200 or not isinstance(answer, dict):
        raise client.not_this("an OTLP receiver", reply)
    rejected = answer.get("partialSuccess") or {}
    if int(rejected.get("rejectedSpans") or 0):
        raise Failure("protocol", f"the collector rejects the span: {rejected.get('errorMessage')}")
    return "an OTLP receiver", "a span posted"


def jaeger(address, seconds):
    client = Client(address, seconds)
    reply = client.send("GET", "/api/services")
    answer = reply.json()
    if reply.status != 200 or not isinstance(answer, dict) or "data" not in answer:
        raise client.not_this("Jaeger", reply)
    return "Jaeger", "the services that sent traces"
