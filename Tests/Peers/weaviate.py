#!/usr/bin/env python3
"""A peer of Weaviate: objects in memory, as the official description and the vendor's sources say of 1.40.

GraphQL is parsed by `graphql-core`. Collections, properties, arguments, operators and types that are not known are
refused, as are values under the wrong key. Texts that are indexed as they are lose the white space at their ends, as
they do in Weaviate. Vectors are searched exactly, words by BM25, hybrid queries fused by rank. There are tenants, and
no AutoSchema. Nothing is kept on disk.

    weaviate.py --port 8080 [--api-key KEY] [--openapi FILE] [--maximum-results 10000]

With --openapi, or WEAVIATE_OPENAPI, each request is checked against the official description as well: path, query and
body. What it does not allow is answered with 422 and told on the standard error.
"""

import argparse
import json
import os
import sys
import threading

from description import Description
from transport import Handler, Refusal, Server, routed
from weaviate_engine import Store
from weaviate_graphql import Queries


# The description calls a vector an object; it is an array of numbers in all that Weaviate and its clients send.
AMENDED = {"Vector": {"type": "array", "items": {"type": "number"}}}


class Peer:
    def __init__(self, key, description, maximum):
        self.store = Store(maximum)
        self.queries = Queries(self.store)
        self.key = key
        self.description = description
        self.lock = threading.Lock()

    ROUTES = [
        ("GET", r"/meta", "about"),
        ("GET", r"/schema", "collections"),
        ("POST", r"/schema", "create"),
        ("GET", r"/schema/([^/]+)", "describe"),
        ("DELETE", r"/schema/([^/]+)", "drop"),
        ("GET", r"/schema/([^/]+)/tenants", "tenants"),
        ("GET", r"/schema/([^/]+)/tenants/([^/]+)", "tenant"),
        ("POST", r"/batch/objects", "write"),
        ("DELETE", r"/batch/objects", "delete"),
        ("POST", r"/graphql", "query"),
    ]

    def answer(self, method, target, body):
        name, arguments, path, parameters = routed(self.ROUTES, method, target)
        if self.description and (problem := self.description.check(method, path, parameters, body)):
            raise Refusal(422, f"not in the description: {problem}")
        if body:
            try:
                # A vector's -0 is a number of its own.
                arguments.append(json.loads(body, parse_int=lambda text: -0.0 if text == "-0" else int(text)))
            except ValueError as error:
                raise Refusal(400, f"parsing body body from \"\" failed: {error}") from error
        with self.lock:
            return getattr(self, name)(*arguments, **parameters)

    def about(self):
        return {"hostname": "http://[::]:8080", "version": "1.40.3", "modules": {}}

    def collections(self):
        return {"classes": [each.definition for each in self.store.collections.values()]}

    def create(self, definition):
        return self.store.create(definition)

    def describe(self, name):
        return self.store.collection(name).definition

    def drop(self, name):
        self.store.collections.pop(name, None)
        return None

    def tenants(self, name):
        return [{"name": each, "activityStatus": "ACTIVE"} for each in self.store.collection(name).tenants]

    def tenant(self, name, tenant):
        if tenant not in self.store.collection(name).tenants:
            raise Refusal(404, "tenant not found")
        return {"name": tenant, "activityStatus": "ACTIVE"}

    def write(self, batch):
        return [self.result(each) for each in batch["objects"]]

    def result(self, found):
        """The object comes back as it came, with what became of it."""
        result = {"status": "SUCCESS"}
        try:
            self.store.write(found)
        except Refusal as refusal:
            result = {"status": "FAILED", "errors": {"error": [{"message": str(refusal)}]}}
        return {**found, "deprecations": None, "result": result}

    def delete(self, wanted, tenant=None):
        match = wanted["match"]
        objects = self.store.tenant(match["class"], tenant)
        found = [each for each in objects.values() if self.store.matches(match["class"], match["where"], each, "Array")]
        deleted = found[:self.store.maximum]
        for each in deleted:
            del objects[each.id]
        results = {"matches": len(found), "limit": self.store.maximum, "successful": len(deleted), "failed": 0,
                   "objects": None}
        return {"match": match, "output": wanted.get("output", "minimal"), "dryRun": False, "results": results}

    def query(self, request):
        return self.queries.answer(request["query"], request.get("variables"))


class Transport(Handler):
    def serve(self, body):
        peer = self.server.peer
        path = self.path.removeprefix("/v1")
        if path.startswith("/.well-known/"):
            return self.answered(200 if path.endswith(("/ready", "/live")) else 404)
        if peer.key and self.headers.get("authorization") != f"Bearer {peer.key}":
            return self.answered(401)
        if path == self.path:
            return self.answered(404)
        try:
            return self.answered(200, peer.answer(self.command, path, body))
        except Refusal as refusal:
            return self.answered(refusal.status, {"error": [{"message": str(refusal)}]} if str(refusal) else None)
        except Exception as error:  # A mistake of this file.
            print(f"{self.command} {self.path}: {error!r}", file=sys.stderr, flush=True)
            return self.answered(500, {"error": [{"message": repr(error)}]})

    def answered(self, status, value=None):
        self.reply(status, b"" if value is None else json.dumps(value).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key")
    parser.add_argument("--openapi", default=os.environ.get("WEAVIATE_OPENAPI"))
    parser.add_argument("--maximum-results", type=int, default=10000)
    arguments = parser.parse_args()
    server = Server(arguments.port, Transport)
    description = Description(arguments.openapi, AMENDED) if arguments.openapi else None
    server.peer = Peer(arguments.api_key, description, arguments.maximum_results)
    server.serve_forever()


if __name__ == "__main__":
    main()
