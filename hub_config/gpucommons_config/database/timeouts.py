"""How long the hub waits for its database.

JupyterHub asks its database in the event loop: while it waits, the hub answers nobody. Left alone,
a connection to a server that is gone without a word waits a quarter of an hour.
"""

import select
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.dialects import plugins
from sqlalchemy.engine import CreateEnginePlugin
from traitlets.config import Config

from gpucommons_config.composition import contents

CONNECT_SECONDS = 5
"""For a connection to be made, which takes a moment also between zones."""
ANSWER_SECONDS = 10
"""For one statement. Those of a hub take milliseconds, also with thousands of people."""
_SHARE = 3
"""After a connection that could not be made, how many times as long none is tried."""
_SHORTEST_PAUSE_SECONDS = 0.5
_PLUGIN = "gpucommons_timeouts"
_LIBPQ = {
    "connect_timeout": CONNECT_SECONDS,
    # A server that is gone without a word is noticed within ten seconds, asked or not.
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 1000 * ANSWER_SECONDS,
}
"""https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""


def bound_waits(c: Config) -> None:
    """Bound how long this hub waits for PostgreSQL, where the installation does not say it."""
    url = make_url(str(c.JupyterHub.get("db_url", "sqlite://")))
    if url.get_backend_name() != "postgresql":
        return
    plugins.register(_PLUGIN, __name__, DatabaseTimeouts.__name__)
    c.JupyterHub.db_kwargs = with_bounds(url, contents(c.JupyterHub, "db_kwargs", {}))


def with_bounds(url: URL, theirs: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the engine. What the URL and ``connect_args`` say goes first."""
    arguments = {key: value for key, value in _LIBPQ.items() if key not in url.query}
    others = [each for each in theirs.get("plugins", []) if each != _PLUGIN]
    return {
        **theirs,
        "connect_args": {**arguments, **theirs.get("connect_args", {})},
        "plugins": [*others, _PLUGIN],
    }


class DatabaseTimeouts(CreateEnginePlugin):
    """Bounds what a driver waits for, and how often it waits for a connection.

    After one could not be made, none is tried for a while: what asks is told so at once, and the
    hub has time for everything else.
    """

    def __init__(self, url: URL, kwargs: dict[str, Any]) -> None:
        super().__init__(url, kwargs)
        self._not_before = 0.0
        self._why = ""

    def update_url(self, url: URL) -> URL:
        """Leave the address as it is."""
        return url

    def engine_created(self, engine: Engine) -> None:
        """Have it connect by us.

        ``statement_timeout`` is the server's, and libpq's own bounds are of the network: neither
        ends the wait for a server, or a pool of connections before it, that has stopped.
        """
        event.listen(engine, "do_connect", self._connect)
        if engine.dialect.driver == "psycopg2":
            from psycopg2.extensions import set_wait_callback  # noqa: PLC0415 -- where it is used

            set_wait_callback(waiting_at_most(CONNECT_SECONDS, ANSWER_SECONDS))

    def _connect(
        self,
        dialect: Any,  # noqa: ANN401 -- SQLAlchemy's own type is wider
        _record: object,
        arguments: list[Any],
        keywords: dict[str, Any],
    ) -> Any:  # noqa: ANN401 -- a connection of whatever driver
        began = time.monotonic()
        if began < self._not_before:
            raise dialect.dbapi.OperationalError(f"not tried again yet: {self._why}")
        try:
            return dialect.connect(*arguments, **keywords)
        except dialect.dbapi.Error as error:
            now = time.monotonic()
            self._not_before = now + max(_SHORTEST_PAUSE_SECONDS, _SHARE * (now - began))
            self._why = str(error).strip()
            raise


def waiting_at_most(connecting: float, answering: float) -> Callable[[Any], None]:
    """Make what waits for a psycopg2 connection: that many seconds, then OperationalError.

    psycopg2 closes the connection on that.
    """
    from psycopg2 import OperationalError  # noqa: PLC0415
    from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP  # noqa: PLC0415

    def wait(connection: Any) -> None:  # noqa: ANN401 -- psycopg2 publishes no types
        seconds = connecting if connection.status == STATUS_SETUP else answering
        end = time.monotonic() + seconds
        while (state := connection.poll()) != POLL_OK:
            # Not select: a hub has more than 1,024 files open.
            poll = select.poll()
            wanted = select.POLLIN if state == POLL_READ else select.POLLOUT
            poll.register(connection.fileno(), wanted)
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                raise OperationalError(f"no answer within {seconds:g} s")

    return wait
