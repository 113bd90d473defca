"""SCRAM-SHA-256 (RFC 5802, RFC 7677), which Postgres and MongoDB share."""

import base64
import hashlib
import hmac
import os
import unicodedata

from .failure import Failure


class Scram:
    def __init__(self, user, password):
        self.password = unicodedata.normalize("NFKC", password).encode()
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        name = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={self.nonce}"
        self.expected = b""

    def first(self):
        return f"n,,{self.bare}".encode()

    def final(self, challenge):
        """The proof, from what the server answered to `first`."""
        text = challenge.decode()
        fields = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        if not {"r", "s", "i"} <= fields.keys() or not fields["r"].startswith(self.nonce):
            raise Failure("protocol", "the server's SCRAM challenge is not an answer to ours")
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        without_proof = f"c=biws,r={fields['r']}"
        signed = f"{self.bare},{text},{without_proof}".encode()
        key = self.mac(salted, b"Client Key")
        signature = self.mac(hashlib.sha256(key).digest(), signed)
        proof = bytes(one ^ other for one, other in zip(key, signature))
        self.expected = self.mac(self.mac(salted, b"Server Key"), signed)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, outcome):
        """That the server knows the password too."""
        fields = dict(part.split("=", 1) for part in outcome.decode().split(",") if "=" in part)
        if base64.b64decode(fields.get("v", "")) != self.expected:
            raise Failure("authentication", "the server does not know the password itself; it may be an impostor")

    @staticmethod
    def mac(key, text):
        return hmac.new(key, text, hashlib.sha256).digest()
