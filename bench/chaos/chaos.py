"""An hour of everything that may go wrong, in any order: what ends that should live, what stays.

300 sessions on a real API server; before every server that our programs talk to stands a proxy
that plays faults by a seed, and hub, culler and API server are restarted and killed in between.
Who judges looks past the proxies. CHAOS_MINUTES says how long (60), CHAOS_SEED which faults (1),
CHAOS_SESSIONS how many sessions; logs and violations are in build/chaos.
"""

import os
import shutil
import signal
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from gpucommons_local.machine.cache import checkout

from bench.chaos.installation import Installation, installation
from bench.chaos.observer import AWAY, Observer, Verdict
from bench.chaos.people import Crowd
from bench.chaos.persons import State, people
from bench.chaos.programs import STOP_S
from bench.chaos.weather import Weather
from bench.figure import Figure
from bench.kwok_cluster import folder_in_memory

_FILL_S = 900
_SETTLE_S = 2 * STOP_S + 300
"""After the faults: all that is idle has its full time once more, and its end takes some."""
_CALM_S = 30
_OF_SESSIONS = ("API server", "hub", "sessions", "proxy API", "culler")
"""What may have to do with a session's end; how these names begin is compared."""
_REPORT_S = 30
_TRIES = 30


class _Diary:
    """Writes down what happens, and shows what must not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = (folder / "diary.txt").open("w", buffering=1)
        self._violations = (folder / "violations.txt").open("w", buffering=1)
        self.weather: Weather | None = None

    def note(self, words: str) -> None:
        self._file.write(f"{datetime.now():%H:%M:%S} {words}\n")

    def tell(self, words: str) -> None:
        self.violated(time.time(), words)

    def violated(self, at: float, words: str) -> None:
        servers = (
            ("Dex", "hub") if "PUT OUT" in words else ("API", "hub", "sessions", "proxy", "culler")
        )
        played = self.weather.lately(at, servers) if self.weather else "nothing"
        line = f"{datetime.fromtimestamp(at):%H:%M:%S} {words}. Played: {played}"
        self._violations.write(line + "\n")
        self.note(line)
        print(line, flush=True)


def measure() -> list[Figure]:
    """Play an hour of faults with 300 sessions, and count what came of it."""
    minutes = float(os.environ.get("CHAOS_MINUTES", "60"))
    seed = int(os.environ.get("CHAOS_SEED", "1"))
    sessions = int(os.environ.get("CHAOS_SESSIONS", "300"))
    signal.signal(signal.SIGTERM, _end)
    print(f"seed {seed}, {minutes:g} minutes, {sessions} sessions", flush=True)
    kept = checkout() / "build" / "chaos"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    diary = _Diary(kept)
    names = people(sessions)
    with folder_in_memory() as folder:
        try:
            with installation(folder, seed, names) as place:
                crowd = Crowd(place, names, seed, sessions, diary.tell)
                verdict = _play(place, crowd, seed, minutes, diary)
        finally:
            for log in folder.glob("**/*.log"):
                with suppress(OSError):
                    shutil.copy(log, kept / log.name)
    return _figures(verdict, crowd, minutes)


def _end(_signal: int, _frame: object) -> None:
    """End in order: what was started is stopped."""
    raise SystemExit("told to end")


def _play(place: Installation, crowd: Crowd, seed: int, minutes: float, diary: _Diary) -> Verdict:
    observer = Observer(place, crowd, diary.violated)
    weather = Weather(place, seed, minutes * 60, diary.note)
    begun = time.monotonic()
    crowd.sign_in()
    print(f"all have signed in after {time.monotonic() - begun:.0f} s", flush=True)
    observer.begin()
    crowd.fill(_FILL_S)
    print(f"the sessions run after {time.monotonic() - begun:.0f} s", flush=True)
    diary.weather = weather
    weather.begin()
    crowd.begin()
    try:
        _wait(minutes * 60, observer, crowd)
        crowd.quiet()
        weather.end()
        print("the faults are over", flush=True)
        if weather.failed or crowd.failed or not observer.alive:
            raise RuntimeError(f"the benchmark itself failed; see {diary.folder}")
        return _settle(observer, crowd)
    finally:
        weather.close()
        crowd.end()
        observer.end()
        print(f"{weather.crashes} programs ended by themselves", flush=True)


def _wait(seconds: float, observer: Observer, crowd: Crowd) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(_REPORT_S, left))
        _report(observer, crowd)


def _report(observer: Observer, crowd: Crowd) -> None:
    counts = ", ".join(f"{crowd.count(state)} {state}" for state in State)
    with suppress(*AWAY):
        found = observer.verdict()
        counts += (
            f"; {found.reclaimed} reclaimed, {len(found.ended)} ended wrongly, {len(found.held)}"
            f" held by nobody, {len(found.forgotten)} forgotten"
        )
    print(f"{datetime.now():%H:%M:%S} {counts}", flush=True)


def _settle(observer: Observer, crowd: Crowd) -> Verdict:
    """Wait until all is as it should be, or the time for that is over."""
    end, calm_since = time.monotonic() + _SETTLE_S, None
    reported = time.monotonic()
    while time.monotonic() < end:
        time.sleep(5)
        on_its_way = crowd.count(State.STARTING, State.ENDING)
        calm = not on_its_way and observer.settled()
        calm_since = (calm_since or time.monotonic()) if calm else None
        if calm_since and time.monotonic() - calm_since > _CALM_S:
            break
        if time.monotonic() - reported > _REPORT_S:
            reported = time.monotonic()
            _report(observer, crowd)
    return _last(observer)


def _last(observer: Observer) -> Verdict:
    """Judge in the end; what is away by chance is asked again."""
    for _ in range(_TRIES):
        with suppress(*AWAY):
            return observer.verdict()
        time.sleep(1)
    return observer.verdict()


def _figures(verdict: Verdict, crowd: Crowd, minutes: float) -> list[Figure]:
    found = {
        "ended": ("Sessions that ended and should live", verdict.ended, verdict.seen),
        "held": ("GPUs held by nobody", verdict.held, verdict.seen),
        "false-culls": ("False culls", verdict.false_culls, verdict.seen),
        "idle-left": (
            "Idle sessions that were not reclaimed",
            verdict.idle_left,
            verdict.reclaimed,
        ),
        "forgotten": ("Sessions that the hub has forgotten", verdict.forgotten, verdict.seen),
        "put-out": ("People asked to sign in again", crowd.put_out, len(crowd.persons)),
    }
    for title, lines, _ in found.values():
        for line in lines:
            print(f"{title}: {line}", flush=True)
    print(
        f"{verdict.reclaimed} idle sessions were reclaimed; {crowd.failed_starts} of "
        f"{crowd.starts} starts failed, and {crowd.signed_in_again} wanted a new login",
        flush=True,
    )
    return [
        Figure(f"chaos-{name}", f"{title}, {minutes:g} minutes", len(lines), "", 0, samples=samples)
        for name, (title, lines, samples) in found.items()
    ]
