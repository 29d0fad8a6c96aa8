"""Steps shown to the person who waits: what is being done and how long each took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from gpucommons_local.errors import PlatformError

console = Console(highlight=False)


class Steps:
    """A list of steps on the terminal; plain lines where the output is no terminal."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show ``title`` while the body runs, then the seconds it took."""
        begin = time.monotonic()
        try:
            if console.is_terminal:
                with console.status(title):
                    yield
            else:
                yield
        except BaseException as error:
            mark = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            console.print(
                f"[red]✗[/] {title} [red]{mark}[/] after {time.monotonic() - begin:.1f} s"
            )
            raise
        console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begin:.1f} s[/]")

    def total(self) -> float:
        """Seconds since the first step."""
        return time.monotonic() - self._begin


def tell_error(error: PlatformError) -> None:
    """Print an error as a person should read it."""
    console.print(f"\n[red bold]{error}[/]" if "\n" not in str(error) else f"\n{error}")
