"""Kafka: ApiVersions, then Metadata, whose brokers must be where clients can reach them."""

import struct

from .failure import Failure
from .settings import Address
from .wire import Wire

API_VERSIONS, METADATA = 18, 3


def round_trip(address, seconds):
    with Wire(address, seconds) as wire:
        versions = api_versions(wire)
        if METADATA not in versions:
            raise Failure("protocol", "the broker has no Metadata request")
        low, high = versions[METADATA]
        version = min(high, 7)
        if version < max(low, 1):
            raise Failure("protocol", f"the broker speaks Metadata {low} to {high}; 1 to 7 are known here")
        brokers = metadata(wire, version)
    for host, port in brokers:
        try:
            with Wire(Address(f"{host}:{port}", port), seconds) as wire:
                api_versions(wire)
        except Failure as failure:
            raise Failure(
                "protocol", f"{address} sends clients to {host}:{port}, where none answers ({failure.message})",
                "KAFKA_ADVERTISED_HOST and KAFKA_PORT are what clients are sent to") from None
    produce = versions.get(0, (0, 0))[1]
    return f"Kafka with {len(brokers)} broker{'' if len(brokers) == 1 else 's'}, Produce to version {produce}", \
        "ApiVersions, Metadata, the advertised brokers"


def request(wire, key, version, body=b""):
    client = b"smoke-test"
    head = struct.pack("!hhih", key, version, 7, len(client)) + client
    wire.send(struct.pack("!i", len(head) + len(body)) + head + body)
    reply = wire.sized("!I")
    if len(reply) < 4 or struct.unpack("!i", reply[:4])[0] != 7:
        raise Failure("wrong-server", f"{wire.address} does not speak Kafka's protocol")
    return reply[4:]


def api_versions(wire):
    reply = request(wire, API_VERSIONS, 0)
    error, count = struct.unpack("!hi", reply[:6])
    if error:
        raise Failure("protocol", f"ApiVersions: error {error}")
    return {key: (low, high) for key, low, high in struct.iter_unpack("!hhh", reply[6:6 + 6 * count])}


def metadata(wire, version):
    """Host and port of each broker."""
    # No topics; since version 4 with a flag that none be made.
    reply = request(wire, METADATA, version, struct.pack("!i", 0) + (b"\0" if version >= 4 else b""))
    at = 4 if version >= 3 else 0
    count = struct.unpack("!i", reply[at:at + 4])[0]
    at += 4
    brokers = []
    for _ in range(count):
        length = struct.unpack("!h", reply[at + 4:at + 6])[0]
        host = reply[at + 6:at + 6 + length].decode()
        at += 6 + length
        brokers.append((host, struct.unpack("!i", reply[at:at + 4])[0]))
        rack = struct.unpack("!h", reply[at + 4:at + 6])[0]
        at += 6 + max(rack, 0)
    if not brokers:
        raise Failure("protocol", "the broker knows of no broker, itself included")
    return brokers
