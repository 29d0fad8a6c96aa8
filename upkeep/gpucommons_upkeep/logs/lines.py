"""How a line looks: one object of JSON, or text for a terminal. Neither has a secret in it."""

import logging
from datetime import UTC, datetime
from typing import Any

try:
    from pythonjsonlogger.json import JsonFormatter
except ImportError:  # Debian's package, in the image of the node's agent, is older
    from pythonjsonlogger.jsonlogger import JsonFormatter  # type: ignore[attr-defined]

from gpucommons_upkeep.logs.about import FIELDS, facts_now
from gpucommons_upkeep.logs.redaction import redacted, redacted_value

TEXT = "[%(levelname)1.1s %(asctime)s %(name)s] %(message)s"
_OF_EVERY_LINE = "%(levelname)s %(name)s %(message)s"
_OF_FORMATTERS = ("color", "end_color", "highlevel", "taskName")
"""What formatters of Tornado, traitlets and Python itself put on a record, for their own use."""
_OF_RECORD = (*vars(logging.makeLogRecord({})), "asctime", "message", *_OF_FORMATTERS)


class JSONLines(JsonFormatter):
    """Formats a line as JSON: when, how bad, which program and logger, what, about what.

    Python's ``logging.config`` makes one as any formatter; what it would set is not used.
    """

    program = ""
    """Of all lines of this process."""

    def __init__(self, *_of_config: object, **_more: object) -> None:
        super().__init__(
            _OF_EVERY_LINE, timestamp=True, json_ensure_ascii=False, reserved_attrs=_OF_RECORD
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Name and order the fields; take secrets out of all of them."""
        found = dict(log_data)
        of_program = {
            "time": _written(found.pop("timestamp")),
            "level": str(found.pop("levelname")).lower(),
            "logger": found.pop("name"),
            "program": self.program,
        }
        line: dict[str, Any] = {"message": found.pop("message") or ""}
        exception, stack = found.pop("exc_info", None), found.pop("stack_info", None)
        facts = {**facts_now(), **{name: found.pop(name) for name in FIELDS if name in found}}
        line |= {name: facts[name] for name in FIELDS if facts.get(name)}
        line |= {name: each for name, each in found.items() if name not in line}
        line |= {"exception": exception} if exception else {}
        line |= {"stack": stack} if stack else {}
        cleaned = redacted_value(line)
        assert isinstance(cleaned, dict)
        return {**of_program, **cleaned, **of_program}


class TextLines(logging.Formatter):
    """Formats a line for people, without what machines need."""

    def __init__(self, form: str = TEXT) -> None:
        super().__init__(form)

    def format(self, record: logging.LogRecord) -> str:
        """Format it, and take secrets out."""
        return redacted(super().format(record))


def _written(moment: datetime) -> str:
    """Write a moment as RFC 3339 has it, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
