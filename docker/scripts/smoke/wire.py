"""A connection whose every wait counts against one deadline."""

import socket
import struct
import time

from .failure import Failure


class Wire:
    def __init__(self, address, seconds):
        self.address = address
        self.until = time.monotonic() + seconds
        try:
            self.socket = socket.create_connection((address.host, address.port), self.left())
        except socket.timeout:
            raise Failure("timeout", f"nothing answered at {address} in time") from None
        except OSError as error:
            raise Failure("refused", f"nothing listens at {address} ({error.strerror or error})") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def left(self):
        left = self.until - time.monotonic()
        if left <= 0:
            raise Failure("timeout", f"{self.address} did not answer in time")
        return left

    def send(self, data):
        self.wait(lambda: self.socket.sendall(data))

    def receive(self, count):
        """Exactly `count` bytes."""
        parts = bytearray()
        while len(parts) < count:
            part = self.some(count - len(parts))
            if not part:
                raise Failure("protocol", f"{self.address} closed the connection")
            parts += part
        return bytes(parts)

    def some(self, most):
        return self.wait(lambda: self.socket.recv(most))

    def line(self):
        """A line that ends with CR LF, without it."""
        text = bytearray()
        while not text.endswith(b"\r\n"):
            text += self.receive(1)
            if len(text) > 65_536:
                raise Failure("wrong-server", f"{self.address} speaks another protocol")
        return bytes(text[:-2])

    def sized(self, header="!I", most=1 << 24, inclusive=False):
        """A message that begins with its length."""
        head = self.receive(4)
        length = struct.unpack(header, head)[0] - (4 if inclusive else 0)
        if not 0 <= length <= most:
            raise Failure("wrong-server", f"{self.address} speaks another protocol; it began with {head!r}")
        return self.receive(length)

    def wait(self, action):
        self.socket.settimeout(self.left())
        try:
            return action()
        except socket.timeout:
            raise Failure("timeout", f"{self.address} did not answer in time") from None
        except OSError as error:
            raise Failure("protocol", f"the connection to {self.address} broke ({error.strerror or error})") from None
