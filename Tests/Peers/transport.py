"""What peers of REST services have in common: paths that lead to methods, and a server of HTTP."""

import http.server
import re
import urllib.parse


class Refusal(Exception):
    """What a peer answers with another status than 200."""

    def __init__(self, status, text, kind=None):
        super().__init__(text)
        self.status, self.kind = status, kind


def routed(routes, method, target):
    """The name of the route of (method, pattern, name), the pattern's groups, the path and the parameters of a
    request."""
    path, _, query = target.partition("?")
    for verb, pattern, name in routes:
        if verb == method and (match := re.fullmatch(pattern, path)):
            groups = [urllib.parse.unquote(part) for part in match.groups()]
            return name, groups, path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    raise Refusal(404, "")


class Handler(http.server.BaseHTTPRequestHandler):
    """One request after the other on a connection; a subclass has `serve(body)`, which ends with `reply`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self):
        self.serve(self.rfile.read(int(self.headers.get("content-length") or 0)))

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = answer

    def reply(self, status, body=b"", kind="application/json", headers=()):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, handler):
        super().__init__(("127.0.0.1", port), handler)
