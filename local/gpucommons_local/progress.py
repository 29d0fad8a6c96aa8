"""Steps shown to the person who waits: what is being done and how long each took."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

from gpucommons_local.errors import PlatformError

console = Console(highlight=False)


class Steps:
    """Steps on the terminal; plain lines where the output is no terminal.

    Several may run at once, in threads: the line of what is being done names them all.
    """

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._lock = threading.Lock()
        self._running: list[str] = []
        self._status: Status | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show ``title`` while the body runs, then the seconds it took."""
        begin = time.monotonic()
        self._change(begun=title)
        try:
            yield
        except BaseException as error:
            self._change(ended=title)
            mark = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            console.print(
                f"[red]✗[/] {title} [red]{mark}[/] after {time.monotonic() - begin:.1f} s"
            )
            raise
        self._change(ended=title)
        console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begin:.1f} s[/]")

    def total(self) -> float:
        """Seconds since the first step."""
        return time.monotonic() - self._begin

    def _change(self, begun: str | None = None, ended: str | None = None) -> None:
        if not console.is_terminal:
            return
        with self._lock:
            self._running = [each for each in [*self._running, begun] if each and each != ended]
            if self._status:
                self._status.stop()
            self._status = console.status(" · ".join(self._running)) if self._running else None
            if self._status:
                self._status.start()


def tell_error(error: PlatformError) -> None:
    """Print an error as a person should read it."""
    console.print(f"\n{error}", markup=False, style="red")
