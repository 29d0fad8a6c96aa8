"""The hub endpoint that lists sessions that run, for programs that read all of them regularly.

JupyterHub's own list counts all people for every page and makes objects of what it finds. Here
a page begins after a key, and is made of columns.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, ClassVar, Protocol

from gpucommons_contract.words import ENGLISH
from jupyterhub import orm
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from sqlalchemy import Select, Text, select, type_coerce
from tornado.web import HTTPError

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.selection import CHOICES

LONGEST_PAGE = 500
"""Sessions. The hub answers nobody else while it makes a page: about 6 ms for that many."""
_LARGEST_ID = 2**63 - 1
_NONE = Decimal(0)
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 -- compared, not listened on
_COMES_OR_GOES = {"spawn", "stop"}


class _HubState(Protocol):
    ledger: Ledger
    cluster: Cluster


class SessionsHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Sessions that run, with what they were started with; not those that start or stop."""

    hub_state: ClassVar[_HubState]
    """What the hub knows. Whoever serves this sets it."""

    def _record_activity(self, *_args: object, **_more: object) -> bool:
        """Looking at this does not count as activity."""
        return False

    @needs_scope("read:servers")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Write one page. Whoever may not read all servers is refused."""
        after = self._number("after", 0, least=0, most=_LARGEST_ID)
        limit = self._number("limit", LONGEST_PAGE, least=1, most=LONGEST_PAGE)
        rows = self.db.execute(_page(after, limit)).all()
        units, ledger = self._units(), self.hub_state.ledger
        there = [row for row in rows if self._stays(row[1], row[3])]
        page: dict[str, object] = {
            "sessions": [_session(row, units, ledger) for row in there],
            "next": rows[-1].id if len(rows) == limit else None,
        }
        if not after:
            page["waiting"] = self.hub_state.cluster.all_waiting()
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(page, separators=(",", ":")))

    def _number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.get_argument(name, str(default))
        if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
            return int(text)
        raise HTTPError(
            HTTPStatus.BAD_REQUEST, f"{name} must be a whole number from {least} to {most}."
        )

    def _stays(self, user_id: int, server: str) -> bool:
        """Whether a server with an address neither starts nor stops. Asks no database."""
        if user_id not in self.users:
            return True
        spawner = self.users[user_id].spawners.get(server)
        return spawner is None or spawner.pending not in _COMES_OR_GOES

    def _units(self) -> Mapping[str, Decimal]:
        """Return the GPUs charged for each size of the catalogue in force."""
        catalogue = catalogue_in_force(Path(self.config.GPUSpawner.catalogue_file)).current
        return {name: size.units for name, size in catalogue.sizes.items()}


def _page(after: int, limit: int) -> Select[Any]:
    return (
        select(
            orm.Spawner.id,
            orm.Spawner.user_id,
            orm.User.name,
            orm.Spawner.name,
            orm.Server.base_url,
            orm.Server.proto,
            orm.Server.ip,
            orm.Server.port,
            orm.Spawner.started,
            orm.Spawner.last_activity,
            type_coerce(orm.Spawner.user_options, Text),
            type_coerce(orm.Spawner.state, Text),
        )
        .join(orm.User, orm.User.id == orm.Spawner.user_id)
        .join(orm.Server, orm.Server.id == orm.Spawner.server_id)
        .where(orm.Spawner.id > after)
        .order_by(orm.Spawner.id)
        .limit(limit)
    )


def _session(
    row: Any,  # noqa: ANN401 -- of SQLAlchemy
    units: Mapping[str, Decimal],
    ledger: Ledger,
) -> dict[str, object]:
    """Describe one row of `_page`; taken apart at once, which is faster than by names."""
    number, _, user, server, url, proto, ip, port, started, last_activity, options, state = row
    choice = _choice(options or "{}")
    kept = json.loads(state or "{}")
    held = ledger.of(user).get(user, server)
    gpus = held.units if held else units.get(choice.get("size", ""), _NONE)
    return {
        "id": number,
        "user": user,
        "server": server,
        "url": url,
        "address": _address(proto, ip, port),
        "started": _moment(started),
        "last_activity": _moment(last_activity),
        "options": choice,
        "gpus": plainly(gpus),
        "pod": _pod(kept),
        "language": kept.get("language", ENGLISH),
    }


def _pod(said: Mapping[str, str]) -> str:
    """Return where KubeSpawner keeps that it runs; empty if nowhere."""
    namespace, name = said.get("namespace"), said.get("pod_name")
    return f"{namespace}/{name}" if namespace and name else ""


def _address(proto: str, ip: str, port: int) -> str:
    """Write where a server listens; empty for one that only says that it listens everywhere."""
    if ip in _EVERYWHERE:
        return ""
    return f"{proto}://[{ip}]:{port}" if ":" in ip else f"{proto}://{ip}:{port}"


@lru_cache(maxsize=1024)
def _choice(options: str) -> Mapping[str, str]:
    """Read what was picked, as the database has it. Most sessions share it with others."""
    said = json.loads(options)
    return {key: text for key in CHOICES if isinstance(text := said.get(key), str)}


def _moment(when: datetime | None) -> str | None:
    """Write one of JupyterHub's moments, which are in UTC without saying so."""
    return f"{when.isoformat()}Z" if when else None
