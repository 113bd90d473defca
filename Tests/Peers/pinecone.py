#!/usr/bin/env python3
"""A peer of Pinecone: both planes of the protocol as its official description (2025-10) has it, records in memory.

Strict: a key, a parameter or an operator that the description does not have, a body or record over Pinecone's limits, a
request without key or with another version is refused as Pinecone refuses it. Each index has a data plane on a port of
its own. Writes are answered with their number in the namespace's log and become visible up to --delay seconds later;
replies to reads say how far they see, and reads of a namespace that nobody wrote to find nothing. Searches are exact.

    pinecone.py --port 5080 [--api-key KEY] [--delay SECONDS]
"""

import argparse
import json
import math
import random
import re
import struct
import sys
import threading
import time
import urllib.parse

from transport import Handler, Refusal, Server

VERSION = "2025-10"
RECORDS, UPSERT_BYTES, ID_CHARACTERS, METADATA_BYTES, DIMENSIONS = 1000, 2_000_000, 512, 40 << 10, 20_000
REPLY_BYTES = 4 << 20


def require(condition, text):
    if not condition:
        raise Refusal(400, text)


def keys(found, required, optional=()):
    require(isinstance(found, dict), "the body is not an object")
    for key in required:
        require(key in found, f"{key} is missing")
    for key in found:
        require(key in required or key in optional, f"unknown name {key}: cannot find field")
    return found


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def floats(values, dimension):
    require(isinstance(values, list) and all(number(each) for each in values), "values are not numbers")
    require(len(values) == dimension,
            f"Vector dimension {len(values)} does not match the dimension of the index {dimension}")
    return [struct.unpack("f", struct.pack("f", each))[0] for each in values]


# MARK: Filters

def scalar(value):
    return isinstance(value, (str, bool)) or number(value)


def values_of(metadata, field):
    found = metadata.get(field)
    return found if isinstance(found, list) else [] if found is None else [found]


def equal(left, right):
    """A bool is no number."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def compare(operator, field, operand):
    """A condition on one field as a function of a record's metadata."""
    if operator == "$exists":
        require(isinstance(operand, bool), "$exists wants a boolean")
        return lambda metadata: (field in metadata) == operand
    if operator in ("$in", "$nin"):
        require(isinstance(operand, list) and operand and len(operand) <= 10_000
                and all(isinstance(each, str) or number(each) for each in operand), f"{operator} wants a list")
        wanted = {(isinstance(each, str), each) for each in operand}
        return lambda metadata: (operator == "$in") == any(
            (isinstance(each, str), each) in wanted for each in values_of(metadata, field)
            if not isinstance(each, bool))
    if operator in ("$eq", "$ne"):
        require(scalar(operand), f"{operator} wants a string, a number or a boolean")
        return lambda metadata: (operator == "$eq") == any(
            equal(each, operand) for each in values_of(metadata, field))
    orders = {"$gt": lambda a, b: a > b, "$gte": lambda a, b: a >= b,
              "$lt": lambda a, b: a < b, "$lte": lambda a, b: a <= b}
    require(operator in orders, f"{operator} is not a valid operator")
    require(number(operand), f"the {operator} operator must be followed by a number")
    return lambda metadata: any(number(each) and orders[operator](each, operand)
                                for each in values_of(metadata, field))


def compiled(found, depth=0):
    require(isinstance(found, dict) and found and depth < 64, "the filter is not valid")
    parts = []
    for key, value in found.items():
        if key in ("$and", "$or"):
            require(isinstance(value, list) and value, f"{key} wants a list")
            inner = [compiled(each, depth + 1) for each in value]
            choose = all if key == "$and" else any
            parts.append(lambda metadata, inner=inner, choose=choose: choose(each(metadata) for each in inner))
        elif key.startswith("$"):
            raise Refusal(400, f"{key} is not a valid operator")
        elif isinstance(value, dict):
            require(value, "an empty condition")
            parts += [compare(operator, key, operand) for operator, operand in value.items()]
        else:
            parts.append(compare("$eq", key, value))
    return lambda metadata: all(each(metadata) for each in parts)


# MARK: Data plane

class Namespace:
    """Records, and a log of the writes that reads do not see yet."""

    def __init__(self):
        self.records, self.log = {}, []
        self.number = self.indexed = 0

    def write(self, apply, delay):
        self.number += 1
        ready = time.monotonic() + random.uniform(0, delay)
        # In the order of the log: none becomes visible before one that was written earlier.
        if self.log:
            ready = max(ready, self.log[-1][1])
        self.log.append((self.number, ready, apply))
        return {"x-pinecone-request-lsn": str(self.number)}

    def seen(self):
        now = time.monotonic()
        while self.log and self.log[0][1] <= now:
            self.indexed, _, apply = self.log.pop(0)
            apply(self.records)
        return self.records, {"x-pinecone-max-indexed-lsn": str(self.indexed)}


class Index:
    """One index, answering on a port of its own."""

    def __init__(self, name, wanted, peer):
        self.name, self.peer, self.wanted = name, peer, wanted
        self.dimension, self.metric = wanted["dimension"], wanted.get("metric", "cosine")
        self.namespaces, self.lock = {}, threading.Lock()
        self.ready = time.monotonic() + random.uniform(0, peer.delay)
        self.gone = None
        self.server = Plane(0, Transport)
        self.server.plane, self.server.key = self, peer.key
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def model(self):
        ready = time.monotonic() >= self.ready and self.gone is None
        return {
            "name": self.name, "dimension": self.dimension, "metric": self.metric, "vector_type": "dense",
            "host": f"127.0.0.1:{self.server.server_port}", "deletion_protection": "disabled",
            "tags": self.wanted.get("tags"), "spec": self.wanted["spec"],
            "status": {"ready": ready,
                       "state": "Terminating" if self.gone else "Ready" if ready else "Initializing"},
        }

    ROUTES = {
        ("POST", "/vectors/upsert"): ("upsert", ()),
        ("POST", "/query"): ("query", ()),
        ("GET", "/vectors/fetch"): ("fetch", ("ids", "namespace")),
        ("POST", "/vectors/fetch_by_metadata"): ("fetch_by_metadata", ()),
        ("GET", "/vectors/list"): ("list", ("prefix", "limit", "paginationToken", "namespace")),
        ("POST", "/vectors/delete"): ("delete", ()),
        ("POST", "/describe_index_stats"): ("stats", ()),
    }

    def answer(self, method, path, query, body):
        if (method, path) not in self.ROUTES:
            raise Refusal(404, "no such path", "NOT_FOUND")
        name, known = self.ROUTES[method, path]
        for key, _ in query:
            require(key in known, f"unknown parameter {key}")
        with self.lock:
            status, found, headers = getattr(self, name)(query if method == "GET" else parsed(body), len(body))
        require(len(json.dumps(found)) <= REPLY_BYTES, "the response exceeds the maximum of 4194304 bytes")
        return status, found, headers

    def error(self, refusal):
        codes = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 429: 8, 503: 14}
        return {"code": codes.get(refusal.status, 2), "message": str(refusal), "details": []}

    def space(self, name, make=False):
        name = name or "__default__"
        require(isinstance(name, str) and name.isascii() and len(name) <= 512, "the namespace is not valid")
        if make:
            return self.namespaces.setdefault(name, Namespace())
        return self.namespaces.get(name) or Namespace()

    def upsert(self, wanted, size):
        keys(wanted, ["vectors"], ["namespace"])
        require(size <= UPSERT_BYTES, f"the request of {size} bytes exceeds the maximum of {UPSERT_BYTES}")
        vectors = wanted["vectors"]
        require(isinstance(vectors, list) and 1 <= len(vectors) <= RECORDS, "1 to 1000 vectors in a request")
        made = {}
        for each in vectors:
            keys(each, ["id"], ["values", "metadata"])
            require(isinstance(each["id"], str) and each["id"].isascii() and 1 <= len(each["id"]) <= ID_CHARACTERS,
                    "Vector ID must be ASCII, of 1 to 512 characters")
            values = floats(each.get("values"), self.dimension)
            require(any(values), f"Dense vectors must contain at least one non-zero value: {each['id']}")
            metadata = each.get("metadata", {})
            self.check(metadata)
            made[each["id"]] = (values, metadata)
        headers = self.space(wanted.get("namespace"), make=True).write(
            lambda records: records.update(made), self.peer.delay)
        return 200, {"upsertedCount": len(vectors)}, headers

    @staticmethod
    def check(metadata):
        require(isinstance(metadata, dict), "metadata is not an object")
        size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
        require(size <= METADATA_BYTES, f"metadata size {size} exceeds the maximum of {METADATA_BYTES} bytes")
        for key, value in metadata.items():
            require(key and not key.startswith("$"), "a metadata key must not be empty or start with $")
            require(scalar(value) or isinstance(value, list) and all(isinstance(each, str) for each in value),
                    f"Metadata value must be a string, number, boolean or list of strings, got {value!r} for {key}")

    def shown(self, key, record, values=True, metadata=True):
        found = {"id": key}
        if values:
            found["values"] = record[0]
        if metadata and record[1]:
            # Numbers are doubles to Pinecone.
            found["metadata"] = {name: float(value) if number(value) else value for name, value in record[1].items()}
        return found

    def query(self, wanted, _):
        keys(wanted, ["topK", "vector"], ["namespace", "filter", "includeValues", "includeMetadata"])
        limit = wanted["topK"]
        require(isinstance(limit, int) and 1 <= limit <= 10_000, "topK is 1 to 10000")
        query = floats(wanted["vector"], self.dimension)
        matches = compiled(wanted["filter"]) if "filter" in wanted else lambda _: True
        records, headers = self.space(wanted.get("namespace")).seen()
        scored = [(self.score(query, record[0]), key, record) for key, record in records.items()
                  if matches(record[1])]
        scored.sort(key=lambda each: each[0], reverse=self.metric != "euclidean")
        return 200, {
            "matches": [dict(self.shown(key, record, wanted.get("includeValues", False),
                                        wanted.get("includeMetadata", False)), score=score)
                        for score, key, record in scored[:limit]],
            "namespace": wanted.get("namespace", ""), "usage": {"readUnits": 1},
        }, headers

    def score(self, query, vector):
        if self.metric == "euclidean":
            return sum((a - b) ** 2 for a, b in zip(query, vector))
        dot = sum(a * b for a, b in zip(query, vector))
        if self.metric == "dotproduct":
            return dot
        return dot / (math.hypot(*query) * math.hypot(*vector) or 1)

    def fetch(self, query, _):
        wanted = [value for key, value in query if key == "ids"]
        require(1 <= len(wanted) <= 1000, "1 to 1000 ids")
        namespace = dict(query).get("namespace", "")
        records, headers = self.space(namespace).seen()
        return 200, {"vectors": {key: self.shown(key, records[key]) for key in wanted if key in records},
                     "namespace": namespace, "usage": {"readUnits": 1}}, headers

    def page(self, found, limit, token):
        """A part of sorted ids, and the token of the rest."""
        found = sorted(each for each in found if token is None or each > token)
        return found[:limit], {"pagination": {"next": found[limit - 1]}} if len(found) > limit else {}

    def fetch_by_metadata(self, wanted, _):
        keys(wanted, [], ["namespace", "filter", "limit", "paginationToken"])
        limit = wanted.get("limit", 100)
        require(isinstance(limit, int) and limit >= 1, "the limit is at least 1")
        matches = compiled(wanted["filter"])
        records, headers = self.space(wanted.get("namespace")).seen()
        found, rest = self.page([key for key, record in records.items() if matches(record[1])], limit,
                                wanted.get("paginationToken"))
        return 200, {"vectors": {key: self.shown(key, records[key]) for key in found},
                     "namespace": wanted.get("namespace", ""), "usage": {"readUnits": 1}, **rest}, headers

    def list(self, query, _):
        wanted = dict(query)
        limit = int(wanted.get("limit", 100))
        require(1 <= limit <= 100, "the limit is 1 to 100")
        records, headers = self.space(wanted.get("namespace")).seen()
        found, rest = self.page([key for key in records if key.startswith(wanted.get("prefix", ""))], limit,
                                wanted.get("paginationToken"))
        return 200, {"vectors": [{"id": key} for key in found], "namespace": wanted.get("namespace", ""),
                     "usage": {"readUnits": 1}, **rest}, headers

    def delete(self, wanted, _):
        keys(wanted, [], ["ids", "deleteAll", "namespace", "filter"])
        require(sum(key in wanted for key in ("ids", "deleteAll", "filter")) == 1, "one of ids, deleteAll, filter")
        name = wanted.get("namespace") or "__default__"
        if name not in self.namespaces:
            raise Refusal(404, "Namespace not found", "NOT_FOUND")
        if "ids" in wanted:
            ids = wanted["ids"]
            require(isinstance(ids, list) and 1 <= len(ids) <= 1000, "1 to 1000 ids")
            apply = lambda records: [records.pop(key, None) for key in ids]  # noqa: E731
        elif "filter" in wanted:
            matches = compiled(wanted["filter"])

            def apply(records):
                for key in [key for key, record in records.items() if matches(record[1])]:
                    del records[key]
        else:
            require(wanted["deleteAll"] is True, "deleteAll is true")
            apply = dict.clear
        return 200, {}, self.namespaces[name].write(apply, self.peer.delay)

    def stats(self, wanted, _):
        keys(wanted, [], ["filter"])
        require("filter" not in wanted, "Serverless indexes do not support stats with metadata filtering")
        counts = {name: {"vectorCount": len(space.seen()[0])} for name, space in self.namespaces.items()}
        return 200, {"namespaces": counts, "dimension": self.dimension, "indexFullness": 0, "metric": self.metric,
                     "totalVectorCount": sum(each["vectorCount"] for each in counts.values())}, {}


# MARK: Control plane

class Control:
    def __init__(self, key, delay):
        self.key, self.delay = key, delay
        self.indexes, self.lock = {}, threading.Lock()

    def error(self, refusal):
        return {"error": {"code": refusal.kind or "INVALID_ARGUMENT", "message": str(refusal)}, "status": refusal.status}

    def answer(self, method, path, query, body):
        require(not query, "unknown parameter")
        with self.lock:
            for name, index in list(self.indexes.items()):
                if index.gone is not None and time.monotonic() >= index.gone:
                    del self.indexes[name]
                    threading.Thread(target=index.server.end, daemon=True).start()
            if path == "/indexes" and method == "GET":
                return 200, {"indexes": [index.model() for index in self.indexes.values()]}, {}
            if path == "/indexes" and method == "POST":
                return self.create(parsed(body))
            match = re.fullmatch(r"/indexes/([^/]+)", path)
            if not match or method not in ("GET", "DELETE"):
                raise Refusal(404, "no such path", "NOT_FOUND")
            index = self.indexes.get(match[1])
            if index is None:
                raise Refusal(404, f"Resource {match[1]} not found", "NOT_FOUND")
            if method == "GET":
                return 200, index.model(), {}
            index.gone = time.monotonic() + random.uniform(0, self.delay)
            return 202, None, {}

    def create(self, wanted):
        keys(wanted, ["name", "spec"], ["dimension", "metric", "deletion_protection", "tags", "vector_type"])
        name = wanted["name"]
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?", name):
            raise Refusal(400, "Name must consist of lower case alphanumeric characters or '-'")
        keys(wanted["spec"], ["serverless"])
        keys(wanted["spec"]["serverless"], ["cloud", "region"])
        require(wanted["spec"]["serverless"]["cloud"] in ("aws", "gcp", "azure"), "no such cloud")
        require(isinstance(wanted.get("dimension"), int) and 1 <= wanted["dimension"] <= DIMENSIONS,
                "the dimension is 1 to 20000")
        require(wanted.get("metric", "cosine") in ("cosine", "euclidean", "dotproduct"), "no such metric")
        require(wanted.get("vector_type", "dense") == "dense", "only dense indexes here")
        require(wanted.get("deletion_protection", "disabled") in ("disabled", "enabled"), "no such protection")
        tags = wanted.get("tags") or {}
        require(len(tags) <= 20 and all(
            re.fullmatch(r"[A-Za-z0-9_-]{1,80}", key) and re.fullmatch(r"[A-Za-z0-9;@_.+ -]{0,120}", value)
            for key, value in tags.items()), "the tags are not valid")
        if name in self.indexes:
            raise Refusal(409, "Resource already exists", "ALREADY_EXISTS")
        self.indexes[name] = Index(name, wanted, self)
        return 201, self.indexes[name].model(), {}


# MARK: Transport

def parsed(body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise Refusal(400, f"invalid JSON: {error}") from error


class Transport(Handler):
    def serve(self, body):
        plane, key = self.server.plane, self.server.key
        path, _, query = self.path.partition("?")
        if self.server.ended:
            self.close_connection = True
            return
        try:
            if not self.headers.get("api-key") or key and self.headers["api-key"] != key:
                return self.reply(401, b"Invalid API Key", "text/plain", {})
            if self.headers.get("x-pinecone-api-version") != VERSION:
                raise Refusal(400, "unknown API version")
            status, found, headers = plane.answer(
                self.command, urllib.parse.unquote(path),
                urllib.parse.parse_qsl(query, keep_blank_values=True), body)
        except Refusal as refusal:
            status, found, headers = refusal.status, plane.error(refusal), {}
            if status == 400:
                print(f"REFUSED: {self.command} {path}: {refusal}", file=sys.stderr, flush=True)
        self.reply(status, b"" if found is None else json.dumps(found).encode(), "application/json", headers)


class Plane(Server):
    ended = False

    def end(self):
        """No more connections, and those that there are end with their next request."""
        self.ended = True
        self.shutdown()
        self.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key")
    parser.add_argument("--delay", type=float, default=0.05)
    arguments = parser.parse_args()
    server = Plane(arguments.port, Transport)
    server.plane, server.key = Control(arguments.api_key, arguments.delay), arguments.api_key
    server.serve_forever()


if __name__ == "__main__":
    main()
