"""Turns what the API server tells of pods and nodes into facts, and settles what was missed.

It is told everything by two watches, which only note it; ``step`` writes it down. What could not be
written is kept and written by the next step. While the program is away, pods end unseen: the first
list after that shows which are gone, and the last beat when they were certainly there.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gpucommons_upkeep.clock import Clock, utc_now
from gpucommons_upkeep.watch import Manifest

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.recording.nodes import fact_of, lost_since, products
from gpucommons_accounting.recording.pods import facts_of
from gpucommons_accounting.records.event import Event, EventKind, Source

_KEPT = timedelta(minutes=10)
_INSTANT = timedelta(microseconds=1)
log = logging.getLogger(__name__)


class Pods:
    """The sessions' pods: what a watch puts in, and a step takes out."""

    def __init__(self, changed: asyncio.Event, now: Clock = utc_now) -> None:
        self._changed, self._now = changed, now
        self.known: dict[str, Manifest] = {}
        """Those that are there, by uid."""
        self.gone: dict[str, Manifest] = {}
        """Those of which something was to be written when they were no longer listed."""
        self.listed = False
        """Whether all are known that are there."""
        self.touched: set[str] = set()
        """Those that may say something new."""
        self.deleted: dict[str, tuple[Manifest, datetime]] = {}
        """Those that were seen to go, with their last words, and when that was."""

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        listed = {pod["metadata"]["uid"]: pod for pod in objects}
        # What was to be written of one that is gone by now is not lost.
        self.gone = {uid: self.known[uid] for uid in self.touched if uid not in listed}
        self.known = listed
        self.touched |= set(self.known)
        self.listed = True
        self._changed.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        uid = changed["metadata"]["uid"]
        if kind == "DELETED":
            self.known.pop(uid, None)
            self.touched.discard(uid)
            self.deleted[uid] = changed, self._now()
        else:
            self.known[uid] = changed
            self.touched.add(uid)
        self._changed.set()


class Nodes:
    """The cluster's nodes: what a watch puts in, and a step takes out."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self.known: dict[str, Manifest] = {}
        self.listed = False

    def replace(self, objects: list[Manifest]) -> None:
        """Take a complete list."""
        self.known = {node["metadata"]["name"]: node for node in objects}
        self.listed = True
        self._changed.set()

    def update(self, kind: str, changed: Manifest) -> None:
        """Take one change."""
        name = changed["metadata"]["name"]
        if kind == "DELETED":
            self.known.pop(name, None)
        else:
            self.known[name] = changed
        self._changed.set()


class Recorder:
    """Writes down what happened to sessions and nodes."""

    def __init__(self, store: Store, now: Clock = utc_now) -> None:
        """now: the clock of this machine, which says only when something was learnt."""
        self._store, self._now = store, now
        self.changed = asyncio.Event()
        self.pods, self.nodes = Pods(self.changed, now), Nodes(self.changed)
        self._noted: dict[str, NodeFact] | None = None
        """How each node was last written down, once that is known."""
        self._odd: set[str] = set()
        """Pods that were not understood, of which the log has been told."""

    async def step(self, known_at: datetime | None = None) -> None:
        """Write down what is new. Raises StoreError; then the next step writes it.

        known_at: when the API server last said which pods there are; now by default.
        """
        if not (self.pods.listed and self.nodes.listed):
            return
        now = self._now()
        touched, self.pods.touched = self.pods.touched, set()
        deleted, self.pods.deleted = self.pods.deleted, {}
        try:
            events = [*self._said(touched), *self._last_words(deleted)]
            there = frozenset(self.pods.known)
            await asyncio.to_thread(self._write, events, there, now, known_at or now)
        except BaseException:
            self.pods.touched |= touched
            self.pods.deleted = deleted | self.pods.deleted
            raise
        self.pods.gone = {}
        await self._note_nodes(now)

    def leave_to_another(self) -> None:
        """Keep for a while what another replica writes down: it may be gone before it does."""
        oldest = self._now() - _KEPT
        deleted = self.pods.deleted
        self.pods.deleted = {uid: each for uid, each in deleted.items() if each[1] >= oldest}
        self.pods.touched = set(self.pods.known)
        self._noted = None  # another one writes it meanwhile

    def _said(self, uids: set[str]) -> list[Event]:
        product_of = self._product_of()
        known = self.pods.known | self.pods.gone
        pods = [pod for uid in uids if (pod := known.get(uid))]
        return [event for pod in pods for event in self._facts(pod, product_of)]

    def _last_words(self, deleted: dict[str, tuple[Manifest, datetime]]) -> list[Event]:
        product_of, events = self._product_of(), []
        for uid, (pod, at) in deleted.items():
            events += self._facts(pod, product_of)
            events.append(Event(Source.API_SERVER, EventKind.ENDED, uid, at))
        return events

    def _facts(self, pod: Manifest, product_of: Callable[[str], str]) -> list[Event]:
        """Return what a pod says; nothing of one that makes no sense, so that others count."""
        try:
            return [*facts_of(pod, product_of), *self._lost(pod)]
        except (KeyError, TypeError, ValueError) as error:
            uid = pod["metadata"]["uid"]
            if uid not in self._odd:
                log.warning("The pod %s of a session is not understood: %r", uid, error)
                self._odd.add(uid)
            return []

    def _lost(self, pod: Manifest) -> list[Event]:
        """Say since when a pod that has to go was on a node that is not heard of."""
        node = self.nodes.known.get(pod["spec"].get("nodeName") or "")
        lost = lost_since(node) if node else None
        if lost is None or not pod["metadata"].get("deletionTimestamp"):
            return []
        return [Event(Source.API_SERVER, EventKind.NODE_LOST, pod["metadata"]["uid"], lost)]

    def _product_of(self) -> Callable[[str], str]:
        known = products(self.nodes.known.values())
        return lambda node: known.get(node, "")

    def _write(
        self, events: list[Event], there: frozenset[str], now: datetime, known_at: datetime
    ) -> None:
        """Write facts, what is gone unseen, and what is back. It blocks."""
        self._store.add(events, now)
        gone = self._store.running() - there
        last = self._store.last_beat() or now
        told = self._store.told_alone(gone)
        settled = [
            _unseen(uid, told[uid], last, now) if uid in told else _missing(uid, last, now)
            for uid in gone
        ]
        settled += [
            Event(Source.ACCOUNTING, EventKind.SEEN, uid, max(now, by))
            for uid, by in self._store.missing(there).items()
        ]
        self._store.add(settled, now)
        self._store.beat(known_at)

    async def _note_nodes(self, now: datetime) -> None:
        facts = {
            name: fact for name, node in self.nodes.known.items() if (fact := fact_of(node, now))
        }
        if self._noted is None:
            self._noted = await asyncio.to_thread(self._store.nodes)
        for name in self._noted.keys() - facts.keys():
            facts[name] = NodeFact(name, now, NodeState.ABSENT)
        for name, found in facts.items():
            before = self._noted.get(name)
            if not _same(before, found):
                fact = found
                if before and found.at <= before.at:  # since when it is down is told in retrospect
                    fact = replace(found, at=before.at + _INSTANT)
                await asyncio.to_thread(self._store.note_node, fact)
                self._noted[name] = fact


def _missing(uid: str, last: datetime, now: datetime) -> Event:
    payload = {"by": now.isoformat()}
    return Event(Source.ACCOUNTING, EventKind.MISSING, uid, min(last, now), payload)


def _unseen(uid: str, told: datetime, last: datetime, now: datetime) -> Event:
    """Say of one whose pod nobody saw that it was there when the hub said so, and no longer.

    It was gone when accounting first knew of all pods after that.
    """
    return _missing(uid, told, last if told <= last <= now else now)


def _same(before: NodeFact | None, fact: NodeFact) -> bool:
    said: list[Any] = [each and (each.state, each.product, each.gpus) for each in (before, fact)]
    return bool(said[0] == said[1])
