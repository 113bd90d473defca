"""Requests with one deadline."""

import http.client
import json
import socket
import time

from .failure import Failure


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def text(self):
        return self.body.decode(errors="replace").strip()[:200]


class Client:
    """Talks to one server; never through a proxy. `headers` go with every request."""

    def __init__(self, address, seconds, headers=None, variable=""):
        self.address = address
        self.until = time.monotonic() + seconds
        self.headers = headers or {}
        self.variable = variable

    def send(self, method, path, body=None, headers=None):
        left = self.until - time.monotonic()
        if left <= 0:
            raise Failure("timeout", f"{self.address} did not answer in time")
        kind = http.client.HTTPSConnection if self.address.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.address.host, self.address.port, timeout=left)
        sent = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        except ConnectionRefusedError as error:
            raise Failure("refused", f"nothing listens at {self.address} ({error.strerror})") from None
        except socket.timeout:
            raise Failure("timeout", f"{self.address} did not answer in time") from None
        except http.client.HTTPException as error:
            raise Failure("wrong-server", f"{self.address} does not speak HTTP ({type(error).__name__})") from None
        except OSError as error:
            raise Failure("protocol", f"the connection to {self.address} broke ({error.strerror or error})") from None
        finally:
            connection.close()

    def ask(self, method, path, body=None, headers=None, accept=(200, 201, 204)):
        """The JSON of a reply that must be a success."""
        reply = self.send(method, path, body, headers)
        if reply.status in accept:
            return reply.json()
        if reply.status in (401, 403):
            raise Failure("authentication", f"the server refuses the key or password ({reply.status})",
                          f"check {self.variable}")
        raise Failure("protocol", f"{method} {path}: {reply.status} {reply.text()}")

    def not_this(self, what, reply):
        server = reply.headers.get("Server")
        seen = f"{reply.status}{f', Server: {server}' if server else ''}"
        return Failure("wrong-server", f"{self.address} is answered by something else than {what} ({seen})")


def expect(found, wanted, what):
    if found != wanted:
        raise Failure("protocol", f"{what}: {found!r} where {wanted!r} was expected")
