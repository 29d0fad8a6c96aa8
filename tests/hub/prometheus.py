"""A real Prometheus that scrapes figures which a test sets."""

import subprocess
import threading
from collections.abc import Iterable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
    values and moments.
    """

    def __init__(
        self,
        folder: Path,
        exporter: Exporter | None = None,
        labels: dict[str, str] | None = None,
        past: Iterable[tuple[str, float, datetime]] = (),
    ):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "prometheus.yml"
        targets = [f"127.0.0.1:{exporter.port}"] if exporter else []
        scrape = {
            "job_name": "played",
            "static_configs": [{"targets": targets, "labels": labels or {}}],
        }
        config.write_text(
            yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]})
        )
        programs = unpacked(METRICS_SERVER) / "usr/bin"
        if lines := [f"{name} {value} {at.timestamp():.3f}\n" for name, value, at in past]:
            figures = folder / "past.txt"
            figures.write_text("".join([*lines, "# EOF\n"]))
            making = ["tsdb", "create-blocks-from", "openmetrics", figures, folder / "data"]
            subprocess.run([programs / "promtool", *making], check=True, stdout=subprocess.PIPE)
        command = [
            str(programs / "prometheus"),
            "--storage.tsdb.retention.time=100y",
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        super().__init__(command, f"{self.url}/-/ready", folder / "prometheus.log", {})

    def ask(self, query: str, moment: datetime | None = None) -> list[Any]:
        """Ask for a vector, as it is now or was at a moment; fails for what is no PromQL."""
        asked = {"query": query} | ({"time": str(moment.timestamp())} if moment else {})
        url = f"{self.url}/api/v1/query"
        answer = request("GET", url, params=asked, timeout=60).json()
        assert answer["status"] == "success", answer
        found: list[Any] = answer["data"]["result"]
        return found
