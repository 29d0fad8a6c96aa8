"""What a session's server logs: as JSON where programs read it, which its pod says."""

import logging
from collections.abc import Mapping
from os import environ

from gpucommons_upkeep.logs import Form, chosen_form
from gpucommons_upkeep.logs.lines import JSONLines

_PROGRAM = "session"


def log_as_chosen(log: logging.Logger, environment: Mapping[str, str] = environ) -> None:
    """Have the server's log be as the variable says, which has begun with lines for people.

    What other loggers warn of, such as our own, Python would else write as text.
    """
    if chosen_form(environment) is not Form.JSON:
        return
    JSONLines.program = _PROGRAM
    for handler in log.handlers:
        handler.setFormatter(JSONLines())
    root = logging.getLogger()
    if not root.handlers:
        rest = logging.StreamHandler()
        rest.setLevel(logging.WARNING)
        rest.setFormatter(JSONLines())
        root.addHandler(rest)
