"""Scripts and styles that were compressed beforehand, and that browsers keep.

``python -m gpucommons_lab.web.compressed_files FOLDER ...`` compresses what lies in the folders,
when an image is built. In a session that would take the server's time just when its page opens.
"""

import gzip
import mimetypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_server.base.handlers import FileFindHandler
from tornado.routing import Rule, RuleRouter
from tornado.web import Application

_ENDINGS = {".css", ".js", ".svg", ".wasm"}
_SMALLEST = 1024
"""Bytes of a file; below, browsers win nothing."""
_IMMUTABLE = "static_immutable_cache"
"""Jupyter Server's setting: beginnings of addresses whose files never change."""


class CompressedFileHandler(FileFindHandler):
    """Jupyter's handler of files; sends the compressed one where there is one."""

    _compressed = False

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Answer the path of the file to send."""
        path = super().validate_absolute_path(root, absolute_path)
        if path is None or Path(path).suffix not in _ENDINGS:
            return path
        other = Path(f"{path}.gz")
        if not (self._takes_gzip() and _is_of(other, Path(path))):
            return path
        self._compressed = True
        return super().validate_absolute_path(root, str(other))

    def set_extra_headers(self, path: str) -> None:
        """Say that what follows is compressed."""
        super().set_extra_headers(path)
        if self._compressed:
            self.set_header("Content-Encoding", "gzip")

    def get_content_type(self) -> str:
        """Answer the type of what a browser gets after it has decompressed it."""
        kind = mimetypes.guess_type(self.absolute_path or "")[0] if self._compressed else None
        return kind or super().get_content_type()

    def _takes_gzip(self) -> bool:
        headers = self.request.headers
        # Of a part, a browser wants bytes of the file itself.
        return "Range" not in headers and "gzip" in headers.get("Accept-Encoding", "")


def serve_compressed(app: Application, base_url: str) -> None:
    """Have a server send its files compressed, and tell browsers to keep those that never change.

    JupyterLab names the folders of extensions without the base URL, so that a browser would ask
    for each of their files again whenever a page is opened.
    """
    for rule in _rules(app.default_router):
        if rule.target is FileFindHandler:
            rule.target = CompressedFileHandler
    beginnings = app.settings.get(_IMMUTABLE, [])
    here = [base_url.rstrip("/") + each for each in beginnings if not each.startswith(base_url)]
    app.settings[_IMMUTABLE] = [*beginnings, *here]


def _rules(router: RuleRouter) -> Iterator[Rule]:
    for rule in router.rules:
        yield rule
        if isinstance(rule.target, RuleRouter):
            yield from _rules(rule.target)


def compress(folder: Path) -> int:
    """Compress the files below a folder whose compressed one is missing or of another file.

    Returns how many were compressed.
    """
    count = 0
    for path in folder.rglob("*"):
        wanted = path.suffix in _ENDINGS and path.is_file() and path.stat().st_size >= _SMALLEST
        other = Path(f"{path}.gz")
        if not wanted or _is_of(other, path):
            continue
        other.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        modified = path.stat().st_mtime_ns
        os.utime(other, ns=(modified, modified))
        count += 1
    return count


def _is_of(compressed: Path, path: Path) -> bool:
    """Whether a file was compressed from this one, and not from one that it has replaced.

    Both have the same time; archives of images keep whole seconds.
    """
    try:
        return int(compressed.stat().st_mtime) == int(path.stat().st_mtime)
    except FileNotFoundError:
        return False


def main() -> None:
    """Compress the files of folders."""
    for name in sys.argv[1:]:
        sys.stdout.write(f"{name}: {compress(Path(name))} files compressed\n")


if __name__ == "__main__":
    main()
