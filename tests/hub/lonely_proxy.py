"""The proxy that stands before a hub, without the hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gpucommons_local.machine.programs import program

from .processes import Program, free_port


@contextmanager
def lonely_proxy(folder: Path, hub_port: int, errors: str) -> Iterator[str]:
    """Run one, and yield its address. errors: the option that says where its error pages are."""
    port = free_port()
    command = [
        str(program("configurable-http-proxy")),
        *("--ip=127.0.0.1", f"--port={port}"),
        *("--api-ip=127.0.0.1", f"--api-port={free_port()}"),
        f"--default-target=http://127.0.0.1:{hub_port}",
        errors,
    ]
    proxy = Program(command, f"http://127.0.0.1:{port}/_chp_healthz", folder / "proxy.log", {})
    proxy.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        proxy.stop()
