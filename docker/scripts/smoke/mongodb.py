"""MongoDB over OP_MSG: hello, SCRAM-SHA-256 when there is a user, ping."""

import struct

from .failure import Failure
from .scram import Scram
from .wire import Wire

KEPT = "; MongoDB took MONGODB_PASSWORD when .local-data/mongodb was empty, and ignores it since"


def round_trip(address, seconds):
    with Wire(address, seconds) as wire:
        hello = command(wire, {"hello": 1, "$db": "admin"})
        if "maxWireVersion" not in hello:
            raise Failure("wrong-server", f"{address} is not MongoDB")
        if address.user:
            authenticate(wire, address)
        check(command(wire, {"ping": 1, "$db": "admin"}))
        version = command(wire, {"buildInfo": 1, "$db": "admin"}).get("version", "")
        if hello.get("setName") and not hello.get("isWritablePrimary"):
            raise Failure("protocol", f"the replica set {hello['setName']} has no primary yet", "wait, and try again")
    return f"MongoDB {version}".strip(), f"hello{', SCRAM' if address.user else ''}, ping"


def authenticate(wire, address):
    scram = Scram(address.user, address.password)
    database = address.query.get("authSource") or address.path or "admin"
    reply = command(wire, {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": scram.first(), "$db": database})
    check(reply)
    while not reply.get("done"):
        payload = reply.get("payload", b"")
        if payload.startswith(b"v="):
            scram.verify(payload)
            answer = b""
        else:
            answer = scram.final(payload)
        reply = command(wire, {"saslContinue": 1, "conversationId": reply.get("conversationId", 0),
                               "payload": answer, "$db": database})
        check(reply)


def check(reply):
    if reply.get("ok") == 1:
        return
    if reply.get("code") in (13, 18):
        raise Failure("authentication", "MongoDB refuses the user or the password", "check MONGODB_URL" + KEPT)
    raise Failure("protocol", f"MongoDB says {reply.get('code')}: {reply.get('errmsg')}")


def command(wire, document):
    body = b"\0\0\0\0\0" + encode(document)
    wire.send(struct.pack("<iiii", len(body) + 16, 1, 0, 2013) + body)
    message = wire.sized("<I", inclusive=True)
    operation = struct.unpack("<i", message[8:12])[0] if len(message) >= 12 else 0
    if operation != 2013:
        raise Failure("wrong-server", f"{wire.address} does not speak MongoDB's protocol")
    return decode(message[17:])


def encode(document):
    """BSON of strings, integers and bytes, which is all that is sent here."""
    out = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, bytes):
            out += b"\x05" + key + struct.pack("<i", len(value)) + b"\0" + value
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            out += b"\x02" + key + struct.pack("<i", len(text)) + text
        else:
            out += b"\x10" + key + struct.pack("<i", value)
    return struct.pack("<i", len(out) + 5) + out + b"\0"


FIXED = {1: ("<d", 8), 8: ("<?", 1), 9: ("<q", 8), 16: ("<i", 4), 17: ("<Q", 8), 18: ("<q", 8)}


def decode(data):
    """The top level of a BSON document; kinds that no reply here needs are left as bytes."""
    found, at, end = {}, 4, struct.unpack("<i", data[:4])[0] - 1
    while at < end:
        kind = data[at]
        stop = data.index(b"\0", at + 1)
        name, at = data[at + 1:stop].decode(), stop + 1
        if kind in FIXED:
            form, size = FIXED[kind]
            value = struct.unpack(form, data[at:at + size])[0]
        elif kind == 2:
            size = 4 + struct.unpack("<i", data[at:at + 4])[0]
            value = data[at + 4:at + size - 1].decode()
        elif kind in (3, 4):
            size = struct.unpack("<i", data[at:at + 4])[0]
            value = data[at:at + size]
        elif kind == 5:
            size = 5 + struct.unpack("<i", data[at:at + 4])[0]
            value = data[at + 5:at + size]
        elif kind in (7, 10):
            size = 12 if kind == 7 else 0
            value = data[at:at + size] or None
        else:
            raise Failure("protocol", f"the reply has a field of BSON type {kind}")
        found[name] = value
        at += size
    return found
