"""The vector stores: a collection made, two records written, the nearest found, the collection deleted."""

import os
import uuid

from .failure import Failure, afterwards
from .http import Client, expect

WHAT = "collection made, upsert, query, deleted"


def chroma(address, seconds):
    client = Client(address, seconds, variable="CHROMA_URL")
    beat = client.send("GET", "/api/v2/heartbeat")
    if beat.status != 200 or "nanosecond heartbeat" not in (beat.json() or {}):
        raise client.not_this("Chroma 1.x", beat)
    base = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    name = f"smoke-test-{os.urandom(6).hex()}"
    made = client.ask("POST", base, {"name": name, "configuration": {"hnsw": {"space": "cosine"}}})
    with afterwards(lambda: client.ask("DELETE", f"{base}/{name}")):
        at = f"{base}/{made['id']}"
        client.ask("POST", f"{at}/upsert", {"ids": ["a", "b"], "embeddings": [[1, 0, 0], [0, 1, 0]]})
        found = client.ask("POST", f"{at}/query", {"query_embeddings": [[0.9, 0.1, 0]], "n_results": 1})
        expect(found["ids"], [["a"]], "the nearest record")
        client.ask("POST", f"{at}/delete", {"ids": ["a"]})
        expect(client.ask("GET", f"{at}/count"), 1, "the count after a delete")
    return "Chroma", WHAT


def qdrant(address, seconds, key):
    client = Client(address, seconds, {"api-key": key} if key else {}, "QDRANT_API_KEY")
    root = client.send("GET", "/")
    if root.status != 200 or "qdrant" not in (root.json() or {}).get("title", ""):
        raise client.not_this("Qdrant", root)
    at = f"/collections/smoke-test-{os.urandom(6).hex()}"
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    client.ask("PUT", at, {"vectors": {"size": 3, "distance": "Cosine"}})
    with afterwards(lambda: client.ask("DELETE", at)):
        client.ask("PUT", f"{at}/points?wait=true", {"points": [
            {"id": first, "vector": [1, 0, 0], "payload": {"n": 1}},
            {"id": second, "vector": [0, 1, 0], "payload": {"n": 2}}]})
        found = client.ask("POST", f"{at}/points/query", {"query": [0.9, 0.1, 0], "limit": 1})
        expect([point["id"] for point in found["result"]["points"]], [first], "the nearest point")
        client.ask("POST", f"{at}/points/delete?wait=true", {"points": [first]})
        left = client.ask("POST", f"{at}/points/count", {"exact": True})
        expect(left["result"]["count"], 1, "the count after a delete")
    return f"Qdrant {root.json().get('version', '')}".strip(), WHAT


def weaviate(address, seconds, key):
    client = Client(address, seconds, {"Authorization": f"Bearer {key}"} if key else {}, "WEAVIATE_API_KEY")
    ready = client.send("GET", "/v1/.well-known/ready")
    if ready.status == 503:
        raise Failure("protocol", "Weaviate is not ready", "wait, and look at its log")
    if ready.status != 200:
        raise client.not_this("Weaviate", ready)
    meta = client.ask("GET", "/v1/meta")
    if not isinstance(meta, dict) or "version" not in meta:
        raise client.not_this("Weaviate", ready)
    name = f"SmokeTest{os.urandom(6).hex()}"
    client.ask("POST", "/v1/schema", {
        "class": name, "vectorizer": "none", "vectorIndexConfig": {"distance": "cosine"},
        "properties": [{"name": "label", "dataType": ["text"], "tokenization": "field"}]})
    with afterwards(lambda: client.ask("DELETE", f"/v1/schema/{name}")):
        objects = [{"class": name, "id": str(uuid.uuid4()), "properties": {"label": label}, "vector": vector}
                   for label, vector in (("a", [1, 0, 0]), ("b", [0, 1, 0]))]
        # Failures of single objects come in a reply of 200.
        for item in client.ask("POST", "/v1/batch/objects", {"objects": objects}):
            expect(item["result"].get("status"), "SUCCESS", "the outcome of an object")
        query = "{ Get { %s(nearVector: {vector: [0.9, 0.1, 0]}, limit: 1) { label } } }" % name
        found = client.ask("POST", "/v1/graphql", {"query": query})
        if found.get("errors"):
            raise Failure("protocol", f"GraphQL: {found['errors'][0].get('message')}")
        expect([item["label"] for item in found["data"]["Get"][name]], ["a"], "the nearest object")
        client.ask("DELETE", f"/v1/objects/{name}/{objects[0]['id']}")
        left = client.ask("POST", "/v1/graphql", {"query": "{ Aggregate { %s { meta { count } } } }" % name})
        expect(left["data"]["Aggregate"][name][0]["meta"]["count"], 1, "the count after a delete")
    return f"Weaviate {meta['version']}", WHAT
