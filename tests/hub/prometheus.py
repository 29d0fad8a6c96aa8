"""A real Prometheus that scrapes figures which a test sets."""

import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from gpucommons_local.machine.packages import METRICS_SERVER, unpacked

from tests.hub.processes import Program, free_port
from tests.loopback import request


class Exporter:
    """Serves figures as exporters do; without an answer while it is crashed."""

    def __init__(self) -> None:
        self.figures: dict[str, float] = {}
        self.crashed = False
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                lines = [f"{name} {value}\n" for name, value in exporter.figures.items()]
                self.send_response(503 if exporter.crashed else 200)
                self.end_headers()
                self.wfile.write("".join(lines).encode())

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Prometheus(Program):
    """Prometheus on a loopback port; it scrapes the exporter every second.

    ``labels`` are those of the target, which go over the exporter's own, as NVIDIA's chart has it.
    Without an exporter it knows the ``past`` alone: figures, such as ``up{pod="a"}``, with their
    values and moments. ``rules`` are files of rules, ``retention`` says how long figures are kept,
    and ``more`` is further configuration, such as who else is scraped.
    """

    def __init__(
        self,
        folder: Path,
        exporter: Exporter | None = None,
        labels: dict[str, str] | None = None,
        past: Iterable[tuple[str, float, datetime]] = (),
        *,
        rules: Sequence[Path] = (),
        retention: str = "100y",
        more: Mapping[str, Any] = MappingProxyType({}),
    ):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "prometheus.yml"
        targets = [f"127.0.0.1:{exporter.port}"] if exporter else []
        scrape = {
            "job_name": "played",
            "static_configs": [{"targets": targets, "labels": labels or {}}],
        }
        said = {"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}
        said |= {"rule_files": [str(each) for each in rules], **more}
        config.write_text(yaml.safe_dump(said))
        self._data = folder / "data"
        programs = unpacked(METRICS_SERVER) / "usr/bin"
        if lines := [f"{name} {value} {at.timestamp():.3f}\n" for name, value, at in past]:
            figures = folder / "past.txt"
            figures.write_text("".join([*lines, "# EOF\n"]))
            # Few blocks: each takes another look through the whole file.
            _make_blocks("openmetrics", "--max-block-duration=162h", figures, self._data)
        command = [
            str(programs / "prometheus"),
            f"--storage.tsdb.retention.time={retention}",
            f"--config.file={config}",
            f"--storage.tsdb.path={self._data}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        super().__init__(command, f"{self.url}/-/ready", folder / "prometheus.log", {})

    def record_past(self, rules: Path, begin: datetime, end: datetime) -> None:
        """Have rules recorded as if they had been there then; it is started again for that."""
        made = self._data.with_name("recorded")
        span = [f"--{name}={at.timestamp():.0f}" for name, at in (("start", begin), ("end", end))]
        _make_blocks("rules", f"--url={self.url}", f"--output-dir={made}", *span, rules)
        self.stop()
        for block in made.iterdir():
            shutil.move(block, self._data)
        self.start()

    def ask(self, query: str, moment: datetime | None = None) -> list[Any]:
        """Ask for a vector, as it is now or was at a moment; fails for what is no PromQL."""
        asked = {"query": query} | ({"time": str(moment.timestamp())} if moment else {})
        url = f"{self.url}/api/v1/query"
        answer = request("GET", url, params=asked, timeout=60).json()
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found


def _make_blocks(*arguments: str | Path) -> None:
    program = unpacked(METRICS_SERVER) / "usr/bin/promtool"
    command = [program, "tsdb", "create-blocks-from", *arguments]
    subprocess.run(command, check=True, capture_output=True)
