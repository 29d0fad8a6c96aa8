"""What runs in the session's terminals: Jupyter's own, and those of VS Code."""

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gpucommons_contract import TerminalActivity

from gpucommons_lab.activity.ages import Ages
from gpucommons_lab.activity.terminal_processes import Terminal, can_look, terminals_below

log = logging.getLogger(__name__)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class TerminalActivityProbe:
    """Looks at all terminals whose shell descends from this server."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """``settings`` are the server's, which may contain a terminal manager."""
        self._settings = settings
        self._ages = Ages()

    async def look(self) -> tuple[TerminalActivity, ...] | None:
        """Return what each terminal does; None where the system does not show it."""
        if not can_look():
            return None
        try:
            seen = await asyncio.to_thread(terminals_below, os.getpid())
        except OSError:
            log.warning("The terminals cannot be read", exc_info=True)
            return None
        own = self._own()
        names = {each.leader: f"pts/{each.device.name}" for each in seen}
        names |= {leader: name for leader, (name, _) in own.items()}
        ages = self._ages.of(_moments(seen, own))
        return tuple(
            TerminalActivity(names[each.leader], each.busy, each.program, ages[str(each.leader)])
            for each in seen
        )

    def _own(self) -> dict[int, tuple[str, datetime]]:
        """Jupyter's own terminals by their shell's PID: name, and last input or output."""
        manager = self._settings.get("terminal_manager")
        terminals = getattr(manager, "terminals", {})
        return {
            each.ptyproc.pid: (name, getattr(each, "last_activity", _LONG_AGO))
            for name, each in terminals.items()
        }


def _moments(
    seen: Iterable[Terminal], own: Mapping[int, tuple[str, datetime]]
) -> dict[str, datetime]:
    return {
        str(each.leader): own[each.leader][1] if each.leader in own else _last_used(each)
        for each in seen
    }


def _last_used(terminal: Terminal) -> datetime:
    """Return when a terminal was last read or written, up to 8 s too early.

    Source: tty_update_time in the Linux kernel's drivers/tty/tty_io.c; w(1) does the same.
    """
    try:
        used = terminal.device.stat()
    except OSError:  # it was closed just now, or is another container's
        return _LONG_AGO
    return datetime.fromtimestamp(max(used.st_atime, used.st_mtime), UTC)
