"""Certificates for tests of TLS, made anew for each run and valid for a week."""

import os
import tempfile
import pathlib

from .shell import has, install, read


def make(folder, server, clients):
    """Fills a folder with `ca.crt`, `server.crt` and `server.key` of 127.0.0.1 and localhost, `NAME.crt` and
    `NAME.key` of each client, and `other-ca.crt`, which has signed none of them."""
    if not has("openssl"):
        install(["openssl"])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        authority(folder / "ca.crt", scratch / "ca.key", "tests")
        authority(folder / "other-ca.crt", scratch / "other.key", "others")
        signed(folder, "server", server, scratch, "subjectAltName=IP:127.0.0.1,DNS:localhost")
        for name in clients:
            signed(folder, name, name, scratch, "extendedKeyUsage=clientAuth")


def authority(certificate, key, name):
    read(["openssl", "req", "-x509", *NEW_KEY, "-days", "7", "-subj", f"/CN={name}", "-keyout", key,
          "-out", certificate, "-addext", "basicConstraints=critical,CA:TRUE"])


def signed(folder, file, name, scratch, extension):
    request, extensions, key = scratch / "request", scratch / "extensions", folder / f"{file}.key"
    extensions.write_text(extension, encoding="utf-8")
    read(["openssl", "req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request])
    read(["openssl", "x509", "-req", "-in", request, "-CA", folder / "ca.crt", "-CAkey", scratch / "ca.key",
          "-CAcreateserial", "-CAserial", scratch / "serial", "-days", "7", "-extfile", extensions,
          "-out", folder / f"{file}.crt"])
    os.chmod(key, 0o600)


NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
