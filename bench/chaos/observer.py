"""Who judges the chaos benchmark: it looks at API server and databases past all proxies."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import psycopg

from bench.chaos.installation import Installation
from bench.chaos.people import Crowd
from bench.chaos.persons import Person, State
from bench.chaos.played import Kind, Pod
from bench.chaos.programs import STOP_S, WARN_S

_LOOK_S = 2.0
_NEAR = timedelta(minutes=4)
"""A session's end is the culler's doing if it wrote that it stops it so shortly before or after."""
_LEEWAY = timedelta(seconds=2)
AWAY = (httpx.HTTPError, AssertionError, ValueError, LookupError, sqlite3.Error, psycopg.Error)
"""What a look raises while the API server is away, or somebody writes."""


@dataclass
class Verdict:
    """What was found; each list has a sentence for each."""

    ended: list[str] = field(default_factory=list)
    """Sessions that ended and should live."""
    held: list[str] = field(default_factory=list)
    """GPUs that nobody's server holds, or servers that hold them without a pod."""
    false_culls: list[str] = field(default_factory=list)
    idle_left: list[str] = field(default_factory=list)
    """Idle sessions that live on after all."""
    forgotten: list[str] = field(default_factory=list)
    """Sessions that run and of which the hub knows nothing."""
    reclaimed: int = 0
    seen: int = 0
    """Sessions that lived."""


class Observer:
    """Looks at all pods every two seconds."""

    def __init__(self, place: Installation, crowd: Crowd, tell: Callable[[float, str], None]):
        """tell: takes the moment and the words of what must not be."""
        self._place = place
        self._crowd = crowd
        self._tell = tell
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._idle_ends: list[tuple[str, float]] = []
        self._ended: list[str] = []
        self._lived: set[str] = set()

    def begin(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still looks."""
        return self._thread.is_alive()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_LOOK_S):
            try:
                pods = self._place.view.read(self._place.api)
            except AWAY:
                continue  # the next look tells
            for person in self._crowd.persons.values():
                self._look(person, pods)

    def _look(self, person: Person, pods: "dict[str, Pod]") -> None:
        uid = person.uid
        if person.state is not State.LIVE:
            return
        self._lived.add(uid)
        pod = pods.get(uid)
        if pod and not pod.leaving:
            return
        now = time.time()
        lived = now - person.since
        person.state = State.OFF
        if person.kind is Kind.IDLE:
            self._idle_ends.append((person.name, now))
            return
        words = f"ENDED {person.name} after {lived:.0f} s ({'leaves' if pod else 'gone'})"
        self._ended.append(words)
        self._tell(now, words)

    def settled(self) -> bool:
        """Whether all is as it should be in the end."""
        try:
            verdict = self.verdict()
        except AWAY:
            return False
        return not (verdict.held or verdict.idle_left or verdict.forgotten)

    def verdict(self) -> Verdict:
        """Judge by what there is now, and by what the culler wrote down. Raises AWAY."""
        found = Verdict(ended=list(self._ended), seen=len(self._lived))
        self._judge_pods(found)
        self._judge_culls(found)
        found.idle_left = [
            f"{person.name} is idle and runs since {time.time() - person.since:.0f} s"
            for person in self._crowd.persons.values()
            if person.state is State.LIVE and person.kind is Kind.IDLE
        ]
        return found

    def _judge_pods(self, found: Verdict) -> None:
        servers = self._servers()
        pods = self._place.view.read(self._place.api)
        names = {f"{pod.namespace}/{pod.name}" for pod in pods.values()}
        live = {each.uid for each in self._crowd.persons.values() if each.state is State.LIVE}
        for uid, pod in pods.items():
            if pod.leaving or f"{pod.namespace}/{pod.name}" in servers:
                continue
            words = f"{pod.user}: {pod.namespace}/{pod.name} runs, and the hub has no server"
            (found.forgotten if uid in live else found.held).append(words)
        for name, user in servers.items():
            if name not in names:
                found.held.append(f"{user}: the hub has a server, and there is no pod {name}")

    def _servers(self) -> dict[str, str]:
        """The pods of the servers that the hub's database has, with their people."""
        database = sqlite3.connect(f"file:{self._place.folder / 'hub.sqlite'}?mode=ro", uri=True)
        try:
            rows = database.execute(
                "SELECT users.name, spawners.state FROM spawners"
                " JOIN users ON users.id = spawners.user_id WHERE spawners.server_id IS NOT NULL"
            ).fetchall()
        finally:
            database.close()
        found = {}
        for user, text in rows:
            state = json.loads(text or "{}")
            found[f"{state.get('namespace')}/{state.get('pod_name')}"] = user
        return found

    def _judge_culls(self, found: Verdict) -> None:
        lines: dict[tuple[str, datetime], list[tuple[datetime, str]]] = {}
        with self._place.database.connect("idle") as database:
            rows = database.execute(
                'SELECT at, kind, "user", started FROM events ORDER BY number'
            ).fetchall()
        for at, kind, user, started in rows:
            lines.setdefault((user, started), []).append((at, kind))
        stops: dict[str, list[float]] = {}
        for (user, _), events in lines.items():
            for index, (at, kind) in enumerate(events):
                if kind == "stopping":
                    stops.setdefault(user, []).append(at.timestamp())
                    if fault := _wrong(user, at, events[:index]):
                        found.false_culls.append(f"{at:%H:%M:%S} {user}: {fault}")
        for user, at in self._idle_ends:
            if any(abs(at - each) < _NEAR.total_seconds() for each in stops.get(user, ())):
                found.reclaimed += 1
            else:
                found.ended.append(f"ENDED {user}, and not by the culler")


def _wrong(user: str, at: datetime, before: list[tuple[datetime, str]]) -> str | None:
    """Say why a session was not to be stopped; None if it was."""
    if not user.startswith(Kind.IDLE):
        return "it was stopped, and is in use or kept"
    last = next((line for line in reversed(before) if line[1] in {"warned", "cancelled"}), None)
    if last is None or last[1] == "cancelled":
        return "it was stopped without a warning"
    if at - last[0] < timedelta(seconds=STOP_S - WARN_S) - _LEEWAY:
        return f"it was stopped {(at - last[0]).total_seconds():.0f} s after its warning"
    return None
