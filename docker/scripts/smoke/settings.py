"""Variables: the environment's, then those of a .env file, then the defaults of the compose file."""

import pathlib
import re
import urllib.parse

from .failure import Failure


def read_env_file(path):
    """The assignments of a .env file as Compose reads it; quotes are removed, nothing is interpolated."""
    found = {}
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return found
    for line in lines:
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$", line)
        if not match:
            continue
        name, value = match.groups()
        if quoted := re.match(r"""(["'])(.*?)\1""", value):
            value = quoted[2]
        else:
            value = re.sub(r"\s+#.*$", "", value)
        found[name] = value
    return found


class Settings:
    def __init__(self, environment, env_file=None):
        self.values = {**(read_env_file(env_file) if env_file else {}), **environment}

    def get(self, name, default=""):
        return self.values.get(name) or default

    def interpolate(self, template):
        """`${NAME:-default}` and `${NAME:+replacement}`, as Compose does; in a URL, escaped."""
        def replace(found):
            name, operator, word = found.groups()
            value = self.values.get(name)
            if operator == ":+":
                return word if value else ""
            value = value or word
            return urllib.parse.quote(value, safe="") if "://" in template and value != word else value
        return re.sub(r"\$\{(\w+)(:[-+])([^}]*)\}", replace, template)


class Address:
    """Where a server is and who asks, from a URL or from host:port; `variable` is where that comes from."""

    def __init__(self, text, port, variable="the address"):
        text = text.split(",")[0].strip()
        try:
            parts = urllib.parse.urlsplit(text if "://" in text else f"//{text}")
            named_port = parts.port
        except ValueError:
            # What it says quotes the text, and so a part of the password.
            raise Failure("configuration", f"{variable} is not a URL",
                          f"percent-encode @ : / ? # in the user and the password of {variable}") from None
        self.scheme = parts.scheme
        self.host = parts.hostname or "127.0.0.1"
        self.port = named_port or {"http": 80, "https": 443}.get(parts.scheme, port)
        self.user = urllib.parse.unquote(parts.username or "")
        self.password = urllib.parse.unquote(parts.password or "")
        self.path = urllib.parse.unquote(parts.path.lstrip("/"))
        self.query = dict(urllib.parse.parse_qsl(parts.query))

    def __str__(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
