"""A real store of logs, VictoriaLogs, and a real reader of files that sends them there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpucommons_local.machine.test_programs import LOG_READER, LOG_STORE, test_program

from tests.loopback import request

from ..processes import Program, free_port

_STREAM = "kind,program,from.namespace"
"""As the values of Fluentd have it."""


class LogStore(Program):
    """The store at ``url``. With ``behind`` it keeps nothing, and asks these instead."""

    def __init__(self, folder: Path, retention: str = "7d", behind: Sequence["LogStore"] = ()):
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        command = [
            str(test_program(LOG_STORE)),
            f"-httpListenAddr={self.address}",
            f"-storageDataPath={folder}/data",
            "-memory.allowedBytes=64MB",
        ]
        if behind:
            command += [f"-storageNode={','.join(each.address for each in behind)}"]
        else:
            command += [f"-retentionPeriod={retention}"]
        super().__init__(command, f"{self.url}/health", folder / "store.log", {})

    def put(self, records: Sequence[dict[str, Any]]) -> None:
        """Send records as Fluentd does, by its plugin http."""
        url = f"{self.url}/insert/jsonline"
        fields = {"_time_field": "time", "_msg_field": "message", "_stream_fields": _STREAM}
        body = "".join(f"{json.dumps(each)}\n" for each in records)
        request("POST", url, params=fields, content=body, timeout=60).raise_for_status()

    def find(self, query: str) -> list[dict[str, str]]:
        """Return what LogsQL finds, in the order of time."""
        request("GET", f"{self.url}/internal/force_flush", timeout=60)
        asked = {"query": f"{query} | sort by (_time)"}
        answer = request("POST", f"{self.url}/select/logsql/query", data=asked, timeout=60)
        assert answer.status_code == 200, answer.text
        return [json.loads(line) for line in answer.text.splitlines()]


class LogReader(Program):
    """Reads files as they grow, and sends their lines to a store."""

    def __init__(self, folder: Path, store: LogStore, files: Sequence[Path]):
        address = f"127.0.0.1:{free_port()}"
        command = [
            str(test_program(LOG_READER)),
            f"-httpListenAddr={address}",
            f"-remoteWrite.url={store.url}/insert/native",
            f"-tmpDataPath={folder}/reader",
            "-fileCollector.refreshInterval=1s",
            "-fileCollector.streamFields=program",
            "-memory.allowedBytes=64MB",
            *(f"-fileCollector.glob={each}" for each in files),
        ]
        super().__init__(command, f"http://{address}/health", folder / "reader.log", {})
