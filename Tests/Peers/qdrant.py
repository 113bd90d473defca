#!/usr/bin/env python3
"""A peer of Qdrant: the vendor's models and the vendor's engine behind a transport of ours.

Request bodies are parsed by `qdrant_client.http.models`, which refuse unknown keys and unknown words; what they say is
run by `QdrantClient(":memory:")`, which searches exactly. Paths, statuses and error bodies are those of Qdrant 1.19's
description. Nothing is kept on disk, payload indexes are remembered and not used, one request runs at a time.

    qdrant.py --port 6333 [--api-key KEY] [--openapi FILE]

With --openapi, or QDRANT_OPENAPI, each request is checked against the official description as well: path, query and
body. What it does not allow is answered with 400 and told on the standard error.
"""

import argparse
import json
import os
import sys
import threading
import time
import warnings

import pydantic
from description import Description
from qdrant_client import QdrantClient
from qdrant_client.http import models
from transport import Handler, Refusal, Server, routed

warnings.filterwarnings("ignore")

PARSERS = {
    name: pydantic.TypeAdapter(kind)
    for name, kind in {
        "create": models.CreateCollection, "index": models.CreateFieldIndex, "upsert": models.PointInsertOperations,
        "retrieve": models.PointRequest, "query": models.QueryRequest, "scroll": models.ScrollRequest,
        "count": models.CountRequest, "delete": models.PointsSelector,
    }.items()
}


class Peer:
    def __init__(self, key, description):
        self.client = QdrantClient(":memory:")
        self.key = key
        self.description = description
        self.indexes = {}
        self.lock = threading.Lock()
        self.operation = 0

    # MARK: Routes

    ROUTES = [
        ("GET", r"/", "about"),
        ("GET", r"/(?:readyz|livez|healthz)", "ready"),
        ("GET", r"/collections", "list"),
        ("GET", r"/collections/([^/]+)", "describe"),
        ("PUT", r"/collections/([^/]+)", "create"),
        ("DELETE", r"/collections/([^/]+)", "drop"),
        ("PUT", r"/collections/([^/]+)/index", "index"),
        ("PUT", r"/collections/([^/]+)/points", "upsert"),
        ("POST", r"/collections/([^/]+)/points", "retrieve"),
        ("POST", r"/collections/([^/]+)/points/query", "query"),
        ("POST", r"/collections/([^/]+)/points/scroll", "scroll"),
        ("POST", r"/collections/([^/]+)/points/count", "count"),
        ("POST", r"/collections/([^/]+)/points/delete", "delete"),
    ]

    def answer(self, method, target, body):
        name, arguments, path, parameters = routed(self.ROUTES, method, target)
        if self.description and (problem := self.description.check(method, path, parameters, body)):
            raise Refusal(400, f"not in the description: {problem}")
        if name in PARSERS:
            try:
                arguments.append(PARSERS[name].validate_json(body or b"null"))
            except pydantic.ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                raise Refusal(400, f"Format error in JSON body: {first['loc']}: {first['msg']}") from error
        with self.lock:
            if arguments and name not in ("create", "drop") and not self.client.collection_exists(arguments[0]):
                raise Refusal(404, f"Not found: Collection `{arguments[0]}` doesn't exist!")
            try:
                return getattr(self, name)(*arguments, **({"waits": parameters.get("wait") == "true"}
                                                          if name in ("upsert", "delete", "index") else {}))
            except (ValueError, TypeError, IndexError) as error:
                # The engine leaves a query of another length to numpy; these are the server's words.
                text = "Vector dimension error" if "shapes" in str(error) else str(error)
                raise Refusal(400, f"Wrong input: {text.removeprefix('Wrong input: ')}") from error

    def about(self):
        return {"title": "qdrant - vector search engine", "version": "1.19.0", "commit": "peer"}

    def ready(self):
        return "all shards are ready"

    def list(self):
        return {"collections": [{"name": each.name} for each in self.client.get_collections().collections]}

    def describe(self, name):
        found = self.client.get_collection(name).model_dump(mode="json")
        found["payload_schema"] = self.indexes.get(name, {})
        return found

    def create(self, name, wanted):
        if self.client.collection_exists(name):
            raise Refusal(409, f"Wrong input: Collection `{name}` already exists!")
        self.client.create_collection(
            name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors, metadata=wanted.metadata)
        self.indexes[name] = {}
        return True

    def drop(self, name):
        there = self.client.collection_exists(name)
        if there:
            self.client.delete_collection(name)
        self.indexes.pop(name, None)
        return there

    def index(self, name, wanted, waits):
        schema = wanted.field_schema
        kind = getattr(schema, "type", schema)
        self.indexes[name][wanted.field_name] = {
            "data_type": getattr(kind, "value", kind), "points": self.client.count(name).count}
        return self.updated(waits)

    def updated(self, waits):
        self.operation += 1
        return {"operation_id": self.operation, "status": "completed" if waits else "acknowledged"}

    def upsert(self, name, wanted, waits):
        if isinstance(wanted, models.PointsList):
            self.client.upsert(name, points=wanted.points)
        else:
            self.client.upsert(name, points=wanted.batch)
        return self.updated(waits)

    def retrieve(self, name, wanted):
        found = self.client.retrieve(
            name, ids=wanted.ids, with_payload=True if wanted.with_payload is None else wanted.with_payload,
            with_vectors=wanted.with_vector or False)
        return [point(each) for each in found]

    def query(self, name, wanted):
        found = self.client.query_points(
            name, query=wanted.query, using=wanted.using, prefetch=wanted.prefetch, query_filter=wanted.filter,
            search_params=None, limit=wanted.limit or 10, offset=wanted.offset,
            with_payload=wanted.with_payload or False, with_vectors=wanted.with_vector or False,
            score_threshold=wanted.score_threshold)
        return {"points": [dict(point(each), score=float(each.score), version=0) for each in found.points]}

    def scroll(self, name, wanted):
        found, following = self.client.scroll(
            name, scroll_filter=wanted.filter, limit=wanted.limit or 10, offset=wanted.offset,
            with_payload=True if wanted.with_payload is None else wanted.with_payload,
            with_vectors=wanted.with_vector or False)
        return {"points": [point(each) for each in found], "next_page_offset": following}

    def count(self, name, wanted):
        return {"count": self.client.count(name, count_filter=wanted.filter, exact=True).count}

    def delete(self, name, wanted, waits):
        self.client.delete(name, points_selector=wanted)
        return self.updated(waits)


def point(found):
    shown = {"id": found.id, "payload": found.payload}
    if found.vector is not None:
        shown["vector"] = {
            name: vector.model_dump() if isinstance(vector, models.SparseVector) else [float(x) for x in vector]
            for name, vector in found.vector.items()
        } if isinstance(found.vector, dict) else [float(x) for x in found.vector]
    return shown


class Transport(Handler):
    def serve(self, body):
        begin = time.monotonic()
        peer = self.server.peer
        path = self.path.partition("?")[0]
        if peer.key and path not in ("/", "/readyz", "/livez", "/healthz"):
            bearer = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            given = self.headers.get("api-key") or bearer
            if given != peer.key:
                text = "Invalid API key or JWT" if given else \
                    "Must provide an API key or an Authorization bearer token"
                return self.reply(403 if given else 401, text.encode(), "text/plain")
        if len(body) > 32 << 20:
            return self.reply(413, b"Payload too large", "text/plain")
        try:
            result = peer.answer(self.command, self.path, body)
        except Refusal as refusal:
            if refusal.status == 404 and not str(refusal):
                return self.reply(404, b"", "text/plain")
            text = {"status": {"error": str(refusal)}, "time": time.monotonic() - begin}
            return self.reply(refusal.status, json.dumps(text).encode())
        except Exception as error:  # What the engine throws that is no refusal.
            print(f"{self.command} {self.path}: {error!r}", file=sys.stderr, flush=True)
            text = {"status": {"error": f"Service internal error: {error!r}"}, "time": 0}
            return self.reply(500, json.dumps(text).encode())
        if isinstance(result, str):
            return self.reply(200, result.encode(), "text/plain")
        if path != "/":
            result = {"result": result, "status": "ok", "time": time.monotonic() - begin}
        return self.reply(200, json.dumps(result).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key")
    parser.add_argument("--openapi", default=os.environ.get("QDRANT_OPENAPI"))
    arguments = parser.parse_args()
    server = Server(arguments.port, Transport)
    server.peer = Peer(arguments.api_key, Description(arguments.openapi) if arguments.openapi else None)
    server.serve_forever()


if __name__ == "__main__":
    main()
