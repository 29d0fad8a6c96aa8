"""What administrators did, on record: one line of JSON each, whatever the rest of the log is."""

import logging
import sys
from collections.abc import Mapping
from functools import cache

from gpucommons_upkeep.logs.lines import JSONLines

AUDIT_LOG = "gpucommons.audit"


def put_on_record(action: str, by: str, details: Mapping[str, object], *, on: str = "") -> None:
    """Log what is about to be done, and by whom.

    ``details`` become fields of the line, besides ``audit``, by which such lines are told from
    others and kept for longer. ``on`` is what it is done to, for the line's sentence.
    """
    sentence = f"{by}: {action}{': ' if on else ''}{on}"
    fields = {"audit": True, "action": action, "by": by}
    _audit_log().info("%s", sentence, extra={**fields, **details})


class _ToStandardError(logging.Handler):
    """Writes to what is the program's standard error by then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, whole."""
        sys.stderr.write(f"{self.format(record)}\n")
        sys.stderr.flush()


@cache
def _audit_log() -> logging.Logger:
    whole = _ToStandardError()
    whole.setFormatter(JSONLines())
    log = logging.getLogger(AUDIT_LOG)
    log.addHandler(whole)
    log.setLevel(logging.INFO)
    log.propagate = False
    return log
