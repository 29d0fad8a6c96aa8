"""A session that answers its person, and leads programs astray, as the file astray says.

``redirect ADDRESS`` answers with a redirect there, ``flood`` with more than anybody wants to read.
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_MEBIBYTE = 2**20
_FLOOD = 95


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        self._stray()

    def do_DELETE(self):
        self._stray()

    def _stray(self):
        what, _, address = Path("astray").read_text().partition(" ")
        if what == "redirect":
            self.send_response(307)
            self.send_header("Location", address)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(_FLOOD * _MEBIBYTE))
        self.end_headers()
        try:
            for _ in range(_FLOOD):
                self.wfile.write(bytes(_MEBIBYTE))
        except OSError:
            return
        Path("all-was-read").touch()


address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
ThreadingHTTPServer((address.hostname, address.port), Answer).serve_forever()
