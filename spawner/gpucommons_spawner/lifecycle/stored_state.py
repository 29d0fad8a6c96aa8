"""What is stored with a server, so that a hub that is restarted finds it."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import object_session


class _Spawner(Protocol):
    orm_spawner: Any
    user_options: Mapping[str, object]
    log: logging.Logger
    _log_name: str

    def get_state(self) -> dict[str, Any]: ...


def keep_state(spawner: _Spawner) -> None:
    """Note what a hub that ends now has to know. Without a database, go on all the same."""
    if spawner.orm_spawner is None:
        return
    session = object_session(spawner.orm_spawner)
    try:
        spawner.orm_spawner.state = spawner.get_state()
        if session:
            session.commit()
    except Exception as error:  # of whatever database
        spawner.log.warning("the state of %s could not be kept: %s", spawner._log_name, error)
        if session:
            session.rollback()


def store_choice(spawner: _Spawner, options: Mapping[str, str]) -> None:
    """Make this the choice that the next start without options repeats.

    Stored with it is where the pod will be: a hub that ends meanwhile finds it again.
    Committed at once: JupyterHub rolls back what is not when a slow start's request ends.
    """
    spawner.user_options = dict(options)
    if spawner.orm_spawner is not None:
        spawner.orm_spawner.user_options = dict(options)
        spawner.orm_spawner.state = spawner.get_state()
        if session := object_session(spawner.orm_spawner):
            session.commit()
