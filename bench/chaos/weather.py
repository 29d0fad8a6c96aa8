"""What goes wrong in the chaos benchmark, and when: faults, restarts and kills, by a seed."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.chaos.installation import NODES, Installation
from tests.faults.fault import OF_ANY_SERVER, DatabaseFault, Fault
from tests.faults.plan import Spell, spells
from tests.hub.processes import Program

_STATUS_AND_SILENCE = [Fault.ERROR, Fault.CUT, Fault.PAGE, Fault.DRIP, Fault.SILENCE, Fault.REFUSED]
_OF_SESSIONS = [each for each in OF_ANY_SERVER if each is not Fault.OLD]
SERVERS: dict[str, list[Fault | DatabaseFault]] = {
    "API server": list(Fault),
    "Dex": list(OF_ANY_SERVER),
    "sessions": list(_OF_SESSIONS),
    "Prometheus": list(OF_ANY_SERVER),
    "hub API": list(OF_ANY_SERVER),
    "proxy API": list(_STATUS_AND_SILENCE),
    **{f"kubelet {number}": list(OF_ANY_SERVER) for number in range(NODES)},
    "the culler's database": list(DatabaseFault),
}
_BETWEEN_RESTARTS_S = (40, 240)
_AWAY_S = (0.5, 40)
_SHOWN_S = 90
"""What was played so long before something happened may have to do with it."""


@dataclass(frozen=True, slots=True)
class Restart:
    """A program ends, is away for some seconds, and starts again."""

    begin: float
    program: str
    kill: bool
    away: float


def restarts(seed: int, seconds: float) -> list[Restart]:
    """Choose them; the same seed gives the same."""
    chance, found, begin = random.Random(f"{seed} restarts"), [], 20.0
    while begin < seconds:
        program = chance.choice(["hub", "hub", "culler", "API server"])
        away = chance.uniform(*_AWAY_S)
        found.append(Restart(begin, program, chance.random() < 0.5, away))
        begin += away + chance.uniform(*_BETWEEN_RESTARTS_S)
    return found


class Weather:
    """Plays all that, and knows afterwards what was when."""

    def __init__(
        self, place: Installation, seed: int, seconds: float, note: Callable[[str], None]
    ) -> None:
        self._place = place
        self._note = note
        self._spells = spells(seed, seconds, SERVERS)
        self._restarts = restarts(seed, seconds)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._lines: list[tuple[float, float, str]] = []
        """Begin, end and words of each thing that was played; seconds since the epoch."""
        self._threads: list[threading.Thread] = []
        self._away = ""
        self.failed = False
        """Whether this has ended before its time: then nothing is measured."""
        self.crashes = 0
        """How often a program ended by itself."""

    def begin(self) -> None:
        for work in (self._play_spells, self._restart, self._keep_up):
            thread = threading.Thread(target=self._safely, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _safely(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._note(f"the benchmark itself failed: {error!r}")
            self.failed = True
            raise

    def end(self) -> None:
        """Wait until the sky is clear: everything runs, nothing is played."""
        self._over.set()
        for thread in self._threads[:2]:
            thread.join()
        for proxy in self._place.proxies.values():
            self._try(proxy.heal)

    def close(self) -> None:
        """Keep programs up no more."""
        self._away = "all"

    def lately(self, at: float, servers: tuple[str, ...]) -> str:
        """Say what was played at a moment, or shortly before, at servers of these names."""
        with self._lock:
            found = [
                f"{words} ({at - begin:.0f} to {max(0, at - end):.0f} s before)"
                for begin, end, words in self._lines
                if begin <= at and end >= at - _SHOWN_S and words.startswith(servers)
            ]
        return "; ".join(found) or "nothing"

    def _line(self, words: str, seconds: float) -> None:
        now = time.time()
        self._note(f"{words} for {seconds:.0f} s")
        with self._lock:
            self._lines.append((now, now + seconds, words))

    def _play_spells(self) -> None:
        began = time.monotonic()
        ends: list[tuple[float, str]] = []
        due = list(self._spells)
        while not self._over.wait(0.2):
            passed = time.monotonic() - began
            for end, name in [each for each in ends if each[0] <= passed]:
                self._try(self._place.proxies[name].heal)
                ends.remove((end, name))
            while due and due[0].begin <= passed:
                spell = due.pop(0)
                self._play(spell)
                ends.append((spell.end, spell.server))

    def _play(self, spell: Spell) -> None:
        self._line(f"{spell.server}: {spell.fault}", spell.end - spell.begin)
        proxy = self._place.proxies[spell.server]
        self._try(lambda: proxy.play(spell.fault))  # type: ignore[arg-type]

    def _try(self, change: Callable[[], None]) -> None:
        """Change a proxy; on a busy machine that may come late, and is done all the same."""
        try:
            change()
        except TimeoutError:
            self._note("a change of a proxy comes late")

    def _restart(self) -> None:
        began = time.monotonic()
        for each in self._restarts:
            if self._over.wait(max(0, began + each.begin - time.monotonic())):
                return
            self._line(f"{each.program} {'killed' if each.kill else 'restarted'}", each.away)
            self._away = each.program
            self._end(each)
            self._over.wait(each.away)
            self._up(each.program)
            self._away = ""

    def _end(self, restart: Restart) -> None:
        program = self._program(restart.program)
        if not program.runs:
            return
        if restart.program == "API server":
            self._place.api.end(kill=restart.kill)
        elif restart.kill:
            program.kill()
        else:
            program.stop()

    def _program(self, name: str) -> Program:
        place = self._place
        return {"hub": place.hub, "culler": place.culler, "API server": place.api}[name]

    def _up(self, name: str) -> None:
        """Start a program, again and again if it ends, as Kubernetes does."""
        while True:
            try:
                if name == "API server":
                    self._place.api.start_again()
                else:
                    self._program(name).start()
            except AssertionError as error:
                self._note(f"{name} did not start: {str(error)[-1500:]}")
                time.sleep(2)
            else:
                self._note(f"{name} is up")
                return

    def _keep_up(self) -> None:
        while self._away != "all":
            time.sleep(1)
            for name in ("hub", "culler"):
                if self._away in {name, "all"} or self._program(name).runs:
                    continue
                time.sleep(1)
                if self._away in {name, "all"} or self._program(name).runs:
                    continue
                self.crashes += 1
                self._note(f"{name} ended by itself:\n{self._program(name).tail()[-2500:]}")
                self._up(name)
