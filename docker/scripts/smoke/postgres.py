"""Postgres, protocol 3.0: start-up, authentication, SELECT 1, and a distance by pgvector."""

import hashlib
import struct

from .failure import Failure
from .scram import Scram
from .wire import Wire

KEPT = "; Postgres took POSTGRES_PASSWORD when .local-data/postgres was empty, and ignores it since"


def round_trip(address, seconds):
    with Wire(address, seconds) as wire:
        session = Session(wire, address)
        session.start()
        version = session.query("SELECT current_setting('server_version')")
        if session.query("SELECT 1") != "1":
            raise Failure("protocol", "SELECT 1 did not give 1")
        available = session.query("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        if available is None:
            raise Failure(
                "wrong-server", f"Postgres {version} answers, and has no pgvector",
                "use the image pgvector/pgvector, or install pgvector into this server")
        # Nothing of it stays.
        distance = session.query(
            "BEGIN; CREATE EXTENSION IF NOT EXISTS vector; "
            "SELECT '[1,2,3]'::vector <-> '[1,2,5]'::vector; ROLLBACK")
        if distance != "2":
            raise Failure("protocol", f"pgvector finds a distance of {distance} where it is 2")
        wire.send(b"X\x00\x00\x00\x04")
    return f"Postgres {version.split()[0]}, pgvector {available}", "SELECT 1, a vector distance"


class Session:
    def __init__(self, wire, address):
        self.wire = wire
        self.address = address

    def start(self):
        parameters = {"user": self.address.user or "postgres", "database": self.address.path or "postgres",
                      "application_name": "smoke test"}
        body = b"".join(part.encode() + b"\0" for pair in parameters.items() for part in pair) + b"\0"
        self.wire.send(struct.pack("!II", len(body) + 8, 196_608) + body)
        scram = None
        while True:
            kind, body = self.message()
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            method = struct.unpack("!I", body[:4])[0]
            if method == 3:
                self.password(self.address.password.encode())
            elif method == 5:
                inner = hashlib.md5((self.address.password + self.address.user).encode()).hexdigest()
                self.password(b"md5" + hashlib.md5(inner.encode() + body[4:8]).hexdigest().encode())
            elif method == 10:
                scram = Scram("", self.address.password)
                first = scram.first()
                self.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first)
            elif method == 11 and scram:
                self.send(b"p", scram.final(body[4:]))
            elif method == 12 and scram:
                scram.verify(body[4:])
            elif method != 0:
                raise Failure("protocol", f"the server wants authentication method {method}")

    def password(self, text):
        self.send(b"p", text + b"\0")

    def send(self, kind, body):
        self.wire.send(kind + struct.pack("!I", len(body) + 4) + body)

    def message(self):
        kind = self.wire.receive(1)
        if kind not in b"RSKZETDCNnIAGHsV":
            raise Failure("wrong-server", f"{self.address} is not Postgres; it began with {kind!r}")
        body = self.wire.sized(inclusive=True)
        if kind == b"E":
            fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
            code, text = fields.get(b"C", ""), fields.get(b"M", "")
            if code in ("28P01", "28000"):
                raise Failure("authentication", f"Postgres refuses the user {self.address.user} or the password",
                              "check POSTGRES_URL" + KEPT)
            if code == "3D000":
                raise Failure("protocol", f"there is no database {self.address.path}",
                              "check the last part of POSTGRES_URL; Postgres made POSTGRES_DB when "
                              ".local-data/postgres was empty")
            raise Failure("protocol", f"Postgres says {code}: {text}")
        return kind, body

    def query(self, statement):
        """The first column of the first row of a simple query, or None."""
        self.send(b"Q", statement.encode() + b"\0")
        value = None
        while True:
            kind, body = self.message()
            if kind == b"D" and value is None:
                length = struct.unpack("!i", body[2:6])[0]
                value = body[6:6 + length].decode() if length >= 0 else None
            elif kind == b"Z":
                return value
