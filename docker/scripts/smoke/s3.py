"""S3, signature version 4: a bucket of its own, an object put, read back, deleted."""

import datetime
import hashlib
import hmac
import os
import re
import urllib.parse

from .failure import Failure, afterwards
from .http import Client, expect

EMPTY = hashlib.sha256(b"").hexdigest()


def round_trip(address, seconds, access_key, secret_key, region="us-east-1"):
    client = Client(address, seconds, variable="MINIO_ROOT_USER and MINIO_ROOT_PASSWORD")
    signer = Signer(access_key, secret_key, region)
    bucket, key = f"smoke-test-{os.urandom(6).hex()}", "folder/some object.bin"
    content = os.urandom(1024)
    unsigned = client.send("GET", "/")
    if unsigned.status not in (200, 400, 403) or b"<" not in unsigned.body and unsigned.status != 200:
        raise client.not_this("an S3 server", unsigned)
    call(client, signer, "PUT", f"/{bucket}")
    path = f"/{bucket}/{urllib.parse.quote(key)}"
    # A bucket is deleted when it is empty; an object that is not there may be deleted too.
    with afterwards(lambda: call(client, signer, "DELETE", path), lambda: call(client, signer, "DELETE", f"/{bucket}")):
        call(client, signer, "PUT", path, content)
        expect(call(client, signer, "GET", path).body == content, True, "the object that was read back is the one put")
    server = unsigned.headers.get("Server") or "an S3 server"
    return server, "bucket made, object put, read, deleted"


def call(client, signer, method, path, body=b""):
    reply = client.send(method, path, body or None, signer.headers(method, client.address, path, body))
    if reply.status in (200, 204):
        return reply
    code = re.search(rb"<Code>(\w+)</Code>", reply.body)
    name = code[1].decode() if code else str(reply.status)
    if name in ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied") or reply.status in (401, 403):
        raise Failure("authentication", f"the server refuses the keys ({name})", f"check {client.variable}")
    raise Failure("protocol", f"{method} {path}: {reply.status} {name}")


class Signer:
    def __init__(self, access_key, secret_key, region):
        self.access_key = access_key
        self.secret_key = secret_key
        self.region = region

    def headers(self, method, address, path, body, now=None):
        """The headers to send; `path` is escaped already, and has no query."""
        now = now or datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        digest = hashlib.sha256(body).hexdigest() if body else EMPTY
        signed = {"host": str(address), "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [method, path, "", *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, digest])
        scope = f"{day}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + self.secret_key.encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        authorization = (f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, "
                         f"Signature={signature}")
        return {"Host": str(address), "x-amz-content-sha256": digest, "x-amz-date": stamp,
                "Authorization": authorization}
