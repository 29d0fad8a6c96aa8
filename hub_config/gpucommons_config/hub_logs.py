"""What the hub logs: for which request, who asked, and as JSON where programs read it."""

import logging
from collections.abc import Mapping
from typing import Any

from gpucommons_upkeep.logs import Form, chosen_form, facts_now, note
from gpucommons_upkeep.logs.about import USER
from gpucommons_upkeep.logs.lines import JSONLines
from gpucommons_upkeep.logs.requests import RequestLogged
from jupyterhub.log import log_request
from sqlalchemy.exc import SQLAlchemyError
from tornado.web import HTTPError
from traitlets.config import Config

from gpucommons_config.composition import add, contents

_PROGRAM = "hub"
_JSON: Mapping[str, Any] = {
    "formatters": {"console": {"class": f"{JSONLines.__module__}.{JSONLines.__qualname__}"}},
    # What libraries tell that the hub does not, and what is of none of JupyterHub's own loggers.
    "root": {"level": "WARNING", "handlers": ["console"]},
}
"""Laid over what JupyterHub makes of its settings of logs; the line's form is ours then."""


def add_logs(c: Config) -> None:
    """Have each line say for which request it is, and be JSON where the environment says so.

    What the installation sets of `JupyterHub.logging_config` stays.
    """
    JSONLines.program = _PROGRAM
    hub = c.JupyterHub
    settings = contents(hub, "tornado_settings", {})
    transforms = settings.get("transforms", [])
    if RequestLogged not in transforms:
        settings["transforms"] = [RequestLogged, *transforms]
    hub.tornado_settings = {"log_function": log_with_caller, **settings}
    if chosen_form() is Form.JSON:
        add(hub, "logging_config", dict(_JSON))
        logging.captureWarnings(capture=True)


def log_with_caller(handler: Any) -> None:  # noqa: ANN401 -- a handler of Tornado
    """Log a request as JupyterHub does, with who made it as a field."""
    try:
        caller = handler.current_user
        name, is_person = getattr(caller, "name", ""), getattr(caller, "kind", "") == "user"
    except (HTTPError, RuntimeError, SQLAlchemyError):  # the last where its database is away
        name, is_person = "", False
    note(by=str(name))
    if is_person and USER not in facts_now():  # else it is of a session, maybe somebody else's
        note(user=str(name))
    log_request(handler)
