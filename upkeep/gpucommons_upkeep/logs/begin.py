"""Begins the log of a program: on standard error, as an environment variable says."""

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum

from gpucommons_upkeep.logs.lines import TEXT, JSONLines, TextLines

LOG_FORMAT = "GPUCOMMONS_LOG_FORMAT"
"""The variable: ``json`` in a cluster, where programs read it; ``text``, for people, without it."""
NOISY = ("alembic", "httpx", "tornado.access", "tornado.application")
"""Loggers of libraries that tell nothing below a warning. The last logs contents of cookies."""


class Form(StrEnum):
    """How lines look."""

    TEXT = "text"
    JSON = "json"


def chosen_form(environment: Mapping[str, str] = os.environ) -> Form:
    """Return what the variable says; another value stops the program with a sentence."""
    value = environment.get(LOG_FORMAT) or Form.TEXT
    try:
        return Form(value)
    except ValueError:
        choices = " or ".join(Form)
        sys.exit(f"gpucommons: {LOG_FORMAT} is {value!r}; set it to {choices}")


def begin_logs(program: str, *, quiet: Iterable[str] = NOISY, text: str | None = None) -> None:
    """Have all of this process log to standard error.

    ``program`` is the field of that name; ``quiet`` are loggers of which only warnings count;
    ``text`` is the form of lines for people, where it is not the usual one.
    """
    JSONLines.program = program
    is_json = chosen_form() is Form.JSON
    logging.captureWarnings(is_json)
    lines: logging.Formatter = JSONLines() if is_json else TextLines(text or TEXT)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(lines)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for each in quiet:
        logging.getLogger(each).setLevel(logging.WARNING)
