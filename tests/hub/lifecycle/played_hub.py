"""The hub's side in one process: JupyterHub's own users, database, start and stop, our spawner.

What is played is the cluster, the proxy's routes and the sessions' answers. ``start`` and ``kill``
make and end a hub as processes would: all that stays is the database.
"""

import asyncio
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.hub_state import HubState
from jupyterhub import orm, roles
from jupyterhub.app import JupyterHub
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.objects import Hub
from jupyterhub.user import UserDict
from traitlets.config import Config

from .played_cluster import Cluster, PlayedAPI

PEOPLE = ("ada", "bob", "eve")
FORGOTTEN_SECONDS = 3 * 60 * 60.0
"""Longer than a course of events may keep the hub from its sessions."""
_CATALOGUE = """
defaults: {environment: scipy, size: gpu}
environments:
  scipy: {display_name: SciPy, versions: {"1": {image: "example/scipy:1"}}}
sizes:
  gpu: {display_name: GPU, cpu: 1, memory: 1Gi, gpu: {mode: exclusive}}
"""


class _Handler:
    """What JupyterHub's start and stop need of a request."""

    spawn_single_user = BaseHandler.spawn_single_user
    stop_single_user = BaseHandler.stop_single_user
    user_stopped = BaseHandler.user_stopped
    spawn_home_error = ""
    concurrent_spawn_limit = active_server_limit = 0
    slow_spawn_timeout = slow_stop_timeout = 10
    current_user = None
    request = SimpleNamespace(method="POST")

    def __init__(self, hub: "PlayedHub"):
        self.log, self.users, self.settings = hub.log, hub.users, hub.settings
        self.authenticator, self.proxy = hub.authenticator, hub.proxy
        self.eventlog = SimpleNamespace(emit=lambda **_: None)


class _Proxy:
    async def add_user(self, _user: Any, _server: str = "") -> None:
        await asyncio.sleep(0)

    async def delete_user(self, _user: Any, _server: str = "") -> None:
        await asyncio.sleep(0)


class PlayedHub:
    """One process of the hub."""

    def __init__(self, cluster: Cluster, folder: Path):
        self.log = logging.getLogger("played-hub")
        self.cluster, self._file = cluster, folder / "hub.sqlite"
        catalogue = folder / "catalogue.yaml"
        catalogue.write_text(_CATALOGUE)
        self.config = Config()
        self.config.GPUSpawner.catalogue_file = str(catalogue)
        self.config.GPUSpawner.watch_cluster = False
        self.config.GPUSpawner.watch_grants = False
        self.config.GPUSpawner.watch_notices = False
        self.config.GPUSpawner.forgotten_grace = FORGOTTEN_SECONDS
        self.users: UserDict
        self.api: PlayedAPI
        self._tasks: set[asyncio.Task[Any]] = set()

    # A process

    async def start(self) -> None:
        """Start, as JupyterHub does; what it looks at may go on in the background."""
        before = asyncio.all_tasks()
        self.api = self.cluster.api()
        _forget_everything()
        self.db = orm.new_session_factory(f"sqlite:///{self._file}")()
        self.authenticator, self.proxy = DummyAuthenticator(allow_all=True), _Proxy()
        self.settings: dict[str, Any] = {
            "config": self.config,
            "hub": Hub(ip="10.0.0.1", port=8081, public_host="", base_url="/hub/"),
            "spawner_class": GPUSpawner,
            "authenticator": self.authenticator,
            "proxy": self.proxy,
            "allow_named_servers": True,
            "internal_ssl": False,
            "base_url": "/",
            "api_of_cluster": self.api,
        }
        self.users = self.settings["users"] = UserDict(lambda: self.db, self.settings)
        self._fill_database()
        self._run(JupyterHub.init_spawners(self._app()))
        await asyncio.sleep(1)
        self._own = before

    def _app(self) -> SimpleNamespace:
        return SimpleNamespace(
            log=self.log,
            log_level=logging.INFO,
            db=self.db,
            users=self.users,
            authenticator=self.authenticator,
            proxy=self.proxy,
        )

    def _fill_database(self) -> None:
        for role in roles.get_default_roles():
            roles.create_role(self.db, role)
        if not self.db.query(orm.OAuthClient).first():
            self.db.add(orm.OAuthClient(identifier="jupyterhub"))
        team = orm.Group.find(self.db, "vision") or orm.Group(name="vision")
        for name in PEOPLE:
            if orm.User.find(self.db, name) is None:
                person = orm.User(name=name)
                self.db.add(person)
                person.groups.append(team)
                roles.assign_default_roles(self.db, person)
        self.db.commit()
        for name in PEOPLE:
            self.users[name].spawner  # noqa: B018 -- somebody looks at the home page

    async def kill(self) -> None:
        """End it as a power cut would: nothing is cleaned up, or written, any more."""
        self.api.dead = True
        self.db.rollback()
        self.db.commit = _never  # type: ignore[method-assign]
        ours = asyncio.all_tasks() - self._own - {asyncio.current_task()} - self.cluster.tasks
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        self._tasks.clear()
        self.db.rollback()
        self.db.bind.dispose()

    def break_database(self) -> None:
        """Let nothing be written any more."""
        self._write = self.db.commit
        self.db.commit = _never  # type: ignore[method-assign]

    def mend_database(self) -> None:
        """Write again, what was not being forgotten: as the next request does."""
        self.db.commit = self._write  # type: ignore[method-assign]
        self.db.rollback()

    def _run(self, what: Any) -> "asyncio.Task[Any]":
        task = asyncio.ensure_future(what)
        self._tasks.add(task)
        task.add_done_callback(_taken_note_of)
        return task

    def back_up(self) -> None:
        self.db.commit()
        shutil.copy(self._file, self._file.with_suffix(".backup"))

    def restore(self) -> bool:
        """Put the backup in the place of the database of a hub that does not run."""
        backup = self._file.with_suffix(".backup")
        if backup.exists():
            shutil.copy(backup, self._file)
        return backup.exists()

    # What people do

    def spawner(self, name: str) -> Any:
        return self.users[name].spawners[""]

    def press_start(self, name: str) -> "asyncio.Task[Any] | None":
        """What a press does: nothing while something goes on; the start goes on by itself."""
        user = self.users[name]
        user.get_spawner("", replace_failed=True)
        if self.spawner(name).pending or self.spawner(name).ready:
            return None
        return self._run(_Handler(self).spawn_single_user(user, options={}))

    def press_stop(self, name: str) -> bool:
        """The same; whether it was taken."""
        spawner = self.spawner(name)
        if spawner.pending or not spawner.ready:
            return False
        self._run(_Handler(self).stop_single_user(self.users[name]))
        return True

    def held(self) -> dict[str, int]:
        """GPUs that the ledger has, by person, without those who have none."""
        sums = {name: int(GPUSpawner.hub_state.ledger.of(name).units) for name in PEOPLE}
        return {name: units for name, units in sums.items() if units}


def _forget_everything() -> None:
    """What a new process does not know."""
    GPUSpawner.reflectors.clear()
    GPUSpawner.hub_state = HubState()


def _never() -> None:
    raise OSError("the process has ended")


def _taken_note_of(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
