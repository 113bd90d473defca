"""OpenSearch and Elasticsearch: an index made, a document written, found, deleted, the index deleted."""

import base64
import os

from .failure import Failure, afterwards
from .http import Client, expect

NAMES = {"opensearch": "OpenSearch", "elasticsearch": "Elasticsearch"}


def round_trip(address, seconds, wanted):
    """`wanted` is opensearch or elasticsearch: they share a port, so who answers is asked."""
    headers = {}
    if address.user:
        pair = f"{address.user}:{address.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    client = Client(address, seconds, headers, f"{wanted.upper()}_URL")
    root = client.send("GET", "/")
    if root.status in (401, 403):
        raise Failure("authentication", f"the server refuses the password ({root.status})", f"check {client.variable}")
    version = (root.json() or {}).get("version") if isinstance(root.json(), dict) else None
    if root.status != 200 or not isinstance(version, dict):
        raise client.not_this(NAMES[wanted], root)
    name = "opensearch" if version.get("distribution") == "opensearch" else "elasticsearch"
    if name != wanted:
        raise Failure("wrong-server",
                      f"{address} is answered by {NAMES[name]} {version.get('number')}, not {NAMES[wanted]}")
    at = f"/smoke-test-{os.urandom(6).hex()}"
    # With replicas a single node never gets beyond yellow.
    client.ask("PUT", at, {"settings": {"number_of_shards": 1, "number_of_replicas": 0},
                           "mappings": {"properties": {"text": {"type": "text"}}}})
    with afterwards(lambda: client.ask("DELETE", at)):
        client.ask("PUT", f"{at}/_doc/a?refresh=true", {"text": "the quick brown fox"})
        found = client.ask("POST", f"{at}/_search", {"query": {"match": {"text": "fox"}}})
        expect([hit["_id"] for hit in found["hits"]["hits"]], ["a"], "the documents found")
        client.ask("DELETE", f"{at}/_doc/a?refresh=true")
        expect(client.ask("GET", f"{at}/_count")["count"], 0, "the count after a delete")
    return f"{NAMES[name]} {version.get('number')}", "index made, document written, found, deleted"
