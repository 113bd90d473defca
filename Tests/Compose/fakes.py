"""Fakes: servers of a few lines that know what one test asks, where no real server is to be had. They show that the
smoke test asks as documented and notices wrong answers; not that a real server answers."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import re
import socket
import struct
import threading

from smoke import mongodb


class FakeTCP:
    """Calls `handle(connection)` for each connection, until the end of the `with`."""

    def __init__(self, handle):
        self.handle = handle

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with contextlib.suppress(OSError, EOFError), connection:
            self.handle(connection)

    def __exit__(self, *_):
        self.socket.close()
        for connection in self.open:
            connection.close()


def exactly(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


class FakeREST:
    """Answers by the first route whose method and path match: `{"GET /": lambda request: (200, {...})}`. Keeps what it
    was sent in `requests`."""

    def __init__(self, routes):
        self.routes = [(re.compile(pattern), answer) for pattern, answer in routes.items()]
        self.requests = []

    def __enter__(self):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                request = {"line": f"{self.command} {self.path}", "headers": dict(self.headers),
                           "json": json.loads(body) if "json" in self.headers.get("Content-Type", "") else None}
                fake.requests.append(request)
                status, reply = next(
                    (answer(request) for pattern, answer in fake.routes if pattern.fullmatch(request["line"])),
                    (404, "the fake knows nothing of this"))
                data = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class FakeMongoDB(FakeTCP):
    """hello, SCRAM-SHA-256 for one user, ping. `primary` is what hello says of itself."""

    def __init__(self, user="backend", password="right", primary=True):
        super().__init__(self.talk)
        self.user, self.password, self.primary = user, password, primary
        self.commands = []

    def talk(self, connection):
        state = {}
        while True:
            length = struct.unpack("<I", exactly(connection, 4))[0]
            message = exactly(connection, length - 4)
            command = mongodb.decode(message[17:])
            self.commands.append(command)
            reply = self.reply(command, state)
            body = b"\0\0\0\0\0" + self.encode(reply)
            connection.sendall(struct.pack("<iiii", len(body) + 16, 1, 1, 2013) + body)

    def reply(self, command, state):
        name = next(iter(command))
        if name == "hello":
            return {"maxWireVersion": 25, "setName": "rs0", "isWritablePrimary": self.primary, "ok": 1.0}
        if name == "saslStart":
            bare = command["payload"].decode().removeprefix("n,,")
            client = dict(part.split("=", 1) for part in bare.split(","))
            if client["n"] != self.user:
                return {"ok": 0.0, "code": 18, "errmsg": "Authentication failed."}
            salt = base64.b64encode(b"sixteen bytes...").decode()
            state["first"] = f"r={client['r']}fake,s={salt},i=4096"
            state["bare"] = bare
            return {"conversationId": 1, "done": False, "payload": state["first"].encode(), "ok": 1.0}
        if name == "saslContinue":
            return self.proof(command, state)
        if name == "buildInfo":
            return {"version": "8.0.29", "ok": 1.0}
        return {"ok": 1.0}

    def proof(self, command, state):
        without, _, proof = command["payload"].decode().partition(",p=")
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), b"sixteen bytes...", 4096)
        signed = f"{state['bare']},{state['first']},{without}".encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        if bytes(one ^ other for one, other in zip(key, signature)) != base64.b64decode(proof):
            return {"ok": 0.0, "code": 18, "errmsg": "Authentication failed."}
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return {"conversationId": 1, "done": True, "payload": b"v=" + base64.b64encode(server), "ok": 1.0}

    @staticmethod
    def encode(document):
        """As the smoke test's encoder, with doubles and booleans."""
        plain = {name: value for name, value in document.items() if not isinstance(value, (bool, float))}
        out = mongodb.encode(plain)[4:-1]
        for name, value in document.items():
            if isinstance(value, bool):
                out += b"\x08" + name.encode() + b"\0" + bytes([value])
            elif isinstance(value, float):
                out += b"\x01" + name.encode() + b"\0" + struct.pack("<d", value)
        return struct.pack("<i", len(out) + 5) + out + b"\0"


class FakeKafka(FakeTCP):
    """ApiVersions and Metadata, with an advertised address of the test's choice."""

    def __init__(self, advertised=None, versions=(1, 12)):
        super().__init__(self.talk)
        self.advertised, self.versions = advertised, versions

    def talk(self, connection):
        while True:
            length = struct.unpack("!I", exactly(connection, 4))[0]
            key, version, correlation = struct.unpack("!hhi", exactly(connection, length)[:8])
            if key == 18:
                body = struct.pack("!hi", 0, 3) + struct.pack("!9h", 0, 3, 12, 3, *self.versions, 18, 0, 4)
            else:
                host, port = self.advertised or ("127.0.0.1", self.port)
                broker = struct.pack("!ih", 1, len(host)) + host.encode() + struct.pack("!ih", port, -1)
                body = (struct.pack("!i", 0) if version >= 3 else b"") + struct.pack("!i", 1) + broker
            connection.sendall(struct.pack("!ii", len(body) + 4, correlation) + body)


def fake_keydb(connection):
    """INFO of a KeyDB 6.3, and a store of one key."""
    kept = {}
    buffer = connection.makefile("rb")
    while line := buffer.readline():
        words = []
        for _ in range(int(line[1:])):
            size = int(buffer.readline()[1:])
            words.append(buffer.read(size + 2)[:-2])
        name = words[0].upper()
        if name == b"INFO":
            text = b"# Server\r\nredis_version:6.3.4\r\nexecutable:/usr/local/bin/keydb-server\r\n"
            connection.sendall(b"$%d\r\n%s\r\n" % (len(text), text))
        elif name == b"SET":
            kept[words[1]] = words[2]
            connection.sendall(b"+OK\r\n")
        elif name == b"GET":
            value = kept.get(words[1], b"")
            connection.sendall(b"$%d\r\n%s\r\n" % (len(value), value))
        elif name == b"DEL":
            connection.sendall(b":%d\r\n" % (kept.pop(words[1], None) is not None))
        else:
            connection.sendall(b"+PONG\r\n")


def fake_qdrant(key="", nearest=None):
    """A Qdrant that remembers one collection's points. `nearest` is the id that a query finds; the first by default."""
    points = []

    def guarded(answer):
        def check(request):
            if key and request["headers"].get("api-key") != key:
                return 401, "Must provide an API key or an Authorization bearer token"
            return answer(request)
        return check

    def put(request):
        points.extend(request["json"]["points"])
        return 200, {"result": {"operation_id": 0, "status": "completed"}, "status": "ok", "time": 0.0}

    def query(_):
        return 200, {"result": {"points": [{"id": nearest or points[0]["id"], "score": 0.9}]}, "status": "ok"}

    def delete(request):
        points[:] = [point for point in points if point["id"] not in request["json"]["points"]]
        return 200, {"result": {"status": "completed"}, "status": "ok"}

    done = {"result": True, "status": "ok", "time": 0.0}
    at = r"/collections/smoke-test-\w+"
    return FakeREST({
        r"GET /": lambda _: (200, {"title": "qdrant - vector search engine", "version": "1.19.0"}),
        rf"PUT {at}": guarded(lambda _: (200, done)),
        rf"PUT {at}/points\?wait=true": guarded(put),
        rf"POST {at}/points/query": guarded(query),
        rf"POST {at}/points/delete\?wait=true": guarded(delete),
        rf"POST {at}/points/count": guarded(lambda _: (200, {"result": {"count": len(points)}})),
        rf"DELETE {at}": guarded(lambda _: (200, done)),
    })


def fake_weaviate(status="SUCCESS", errors=None):
    """A Weaviate whose batch gives each object `status`, and whose GraphQL answers with `errors`, both with 200."""
    objects = []

    def batch(request):
        objects.extend(request["json"]["objects"])
        return 200, [{"id": item["id"], "result": {"status": status}} for item in objects]

    def graphql(request):
        name = objects[0]["class"]
        if errors:
            return 200, {"errors": [{"message": errors}]}
        if "Aggregate" in request["json"]["query"]:
            return 200, {"data": {"Aggregate": {name: [{"meta": {"count": 1}}]}}}
        return 200, {"data": {"Get": {name: [{"label": "a"}]}}}

    return FakeREST({
        r"GET /v1/\.well-known/ready": lambda _: (200, ""),
        r"GET /v1/meta": lambda _: (200, {"version": "1.40.3"}),
        r"POST /v1/schema": lambda request: (200, request["json"]),
        r"POST /v1/batch/objects": batch,
        r"POST /v1/graphql": graphql,
        r"DELETE /v1/objects/\w+/[\w-]+": lambda _: (204, ""),
        r"DELETE /v1/schema/\w+": lambda _: (200, ""),
    })


def fake_search(distribution=None):
    """An OpenSearch, when it says so of itself; else an Elasticsearch."""
    version = {"number": "3.8.0" if distribution else "9.5.2", "lucene_version": "10.3.0"}
    if distribution:
        version["distribution"] = distribution
    at = r"/smoke-test-\w+"
    return FakeREST({
        r"GET /": lambda _: (200, {"name": "node", "version": version}),
        rf"PUT {at}": lambda _: (200, {"acknowledged": True}),
        rf"PUT {at}/_doc/a\?refresh=true": lambda _: (201, {"result": "created"}),
        rf"POST {at}/_search": lambda _: (200, {"hits": {"hits": [{"_id": "a"}]}}),
        rf"DELETE {at}/_doc/a\?refresh=true": lambda _: (200, {"result": "deleted"}),
        rf"GET {at}/_count": lambda _: (200, {"count": 0}),
        rf"DELETE {at}": lambda _: (200, {"acknowledged": True}),
    })


def fake_docker(folder, containers):
    """A `docker` in `folder` that knows `containers`: {service: (state, exit code, health, [(exit code, output)])}.
    It writes its arguments to the file `calls`."""
    lines = ["#!/usr/bin/env bash", f'printf "%s\\n" "$*" >> "{folder}/calls"', 'case "$*" in', "version*) ;;",
             f'*"config --services") printf "%s\\n" {" ".join(containers)} ;;']
    for service, (state, code, health, log) in containers.items():
        if state is None:
            continue
        checks = "\n".join(f"{number} {json.dumps(output)}" for number, output in log)
        lines += [
            f'*"ps --all --quiet {service}") echo id-{service} ;;',
            f'"inspect --format"*".State.Status"*"id-{service}") echo "{state} {code} {health}" ;;',
            f'"inspect --format"*"Health.Log"*"id-{service}") cat <<\'END\'\n{checks}\nEND\n;;',
        ]
    lines += ["*ps\\ --all*) ;;", '*) echo "the fake docker does not know: $*" >&2; exit 9 ;;', "esac"]
    path = os.path.join(folder, "docker")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    os.chmod(path, 0o755)
