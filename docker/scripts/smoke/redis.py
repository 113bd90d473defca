"""Redis, Valkey, KeyDB over RESP 2: who it is, SET, GET, DEL of one key."""

import os

from .failure import Failure
from .wire import Wire

NAMES = {"redis": "Redis", "valkey": "Valkey", "keydb": "KeyDB"}


def round_trip(address, seconds, wanted):
    """`wanted` is redis, valkey or keydb: they share a port, so who answers is asked."""
    variable = f"{wanted.upper()}_URL"
    with Wire(address, seconds) as wire:
        if address.password:
            words = [b"AUTH", address.user.encode(), address.password.encode()]
            reply = command(wire, *[word for word in words if word])
            # A server without a password says so, and goes on.
            if isinstance(reply, Failure) and "without any password" not in reply.message:
                raise Failure("authentication", f"the server refuses the password ({reply.message})",
                              f"check the password in {variable}")
        info = command(wire, b"INFO")
        if isinstance(info, Failure):
            if info.message.startswith("NOAUTH"):
                raise Failure("authentication", "the server asks for a password, and none is set",
                              f"set {variable} to redis://:PASSWORD@{address}/0")
            raise info
        name, version = identify(info.decode(errors="replace"))
        if name != wanted:
            raise Failure("wrong-server", f"{address} is answered by {NAMES[name]} {version}, not {NAMES[wanted]}")
        key, value = b"smoke-test:" + os.urandom(8).hex().encode(), os.urandom(32)
        expect(command(wire, b"SET", key, value, b"EX", b"60"), b"OK")
        expect(command(wire, b"GET", key), value)
        expect(command(wire, b"DEL", key), 1)
    return f"{NAMES[name]} {version}", "SET, GET, DEL of a key"


def identify(info):
    """Valkey and KeyDB call themselves Redis too, for the sake of old clients."""
    fields = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    if fields.get("server_name") == "valkey" or "valkey_version" in fields:
        return "valkey", fields.get("valkey_version", "")
    if "keydb" in fields.get("executable", "") or "mvcc_depth" in fields:
        return "keydb", fields.get("redis_version", "")
    return "redis", fields.get("redis_version", "")


def command(wire, *words):
    """The reply; an error reply is a Failure that is returned."""
    wire.send(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
    line = wire.line()
    kind, rest = line[:1], line[1:]
    if kind == b"+":
        return rest
    if kind == b"-":
        return Failure("protocol", rest.decode(errors="replace"))
    if kind == b":":
        return int(rest)
    if kind == b"$":
        length = int(rest)
        if length < 0:
            return None
        return wire.receive(length + 2)[:-2]
    raise Failure("wrong-server", f"{wire.address} does not speak the protocol of Redis; it began with {line[:40]!r}")


def expect(reply, wanted):
    if isinstance(reply, Failure):
        raise reply
    if reply != wanted:
        raise Failure("protocol", f"the server answered {reply!r} where {wanted!r} was expected")
