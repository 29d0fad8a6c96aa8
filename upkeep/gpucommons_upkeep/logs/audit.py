"""What administrators did, on record: one line of JSON each, whatever the rest of the log is."""

import logging
import sys
from collections.abc import Mapping

from gpucommons_upkeep.logs.lines import JSONLines

AUDIT_LOG = "gpucommons.audit"
_audit = logging.getLogger(AUDIT_LOG)


def put_on_record(action: str, by: str, details: Mapping[str, object], *, on: str = "") -> None:
    """Log what is about to be done, and by whom.

    ``details`` become fields of the line, besides ``audit``, by which such lines are told from
    others and kept for longer. ``on`` is what it is done to, for the line's sentence.
    """
    if not _audit.handlers:
        _begin()
    sentence = f"{by}: {action}{': ' if on else ''}{on}"
    fields = {"audit": True, "action": action, "by": by}
    _audit.info("%s", sentence, extra={**fields, **details})


def _begin() -> None:
    whole = logging.StreamHandler(sys.stderr)
    whole.setFormatter(JSONLines())
    _audit.addHandler(whole)
    _audit.setLevel(logging.INFO)
    _audit.propagate = False
