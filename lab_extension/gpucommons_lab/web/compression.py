"""Scripts and styles are sent compressed, which saves three quarters of a page's bytes."""

import re
from http import HTTPStatus

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import GZipContentEncoding

_TYPES = {
    "application/javascript",
    "text/javascript",
    "text/css",
    "application/wasm",
    "image/svg+xml",
}
_SMALLEST = 1024
"""Bytes; below, browsers win nothing."""
_READ_AT_START = re.compile(r".*/(?:lab/api/settings/?|lab/api/translations/[^/]+|lsp/status)")
"""Addresses with much JSON: what a person set, words, language servers."""


class CompressedStatic(GZipContentEncoding):
    """Compresses what is the same for everybody, and what JupyterLab reads whenever it starts.

    Nothing else: a secret that is compressed together with text from somebody else can be guessed
    by its length, and nobody else can put text into those. A stream must not wait, and a large
    notebook must not block the server. Files that were compressed beforehand pass as they are.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        super().__init__(request)
        self._read_at_start = _READ_AT_START.fullmatch(request.path) is not None

    def _compressible_type(self, ctype: str) -> bool:
        return ctype in _TYPES or (self._read_at_start and ctype == "application/json")

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Leave alone what is small, and parts of files: who asks for a part wants its bytes."""
        length = int(headers.get("Content-Length", _SMALLEST))
        if length < _SMALLEST or status_code == HTTPStatus.PARTIAL_CONTENT:
            self._gzipping = False
        return super().transform_first_chunk(status_code, headers, chunk, finishing)
