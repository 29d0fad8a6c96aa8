"""The figures of the scale benchmark, of what was measured of each hub. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import version

from bench.figure import Figure, percentile

TOTALS = (1000, 2000, 5000)
"""Sessions that run after each step. A poll of each would show as an idle hub that grows."""
PEER_TOTALS = TOTALS[:2]
"""The peer's hub takes a quarter of an hour for these, most of it to turn people away."""
PER_SECOND = 20
"""Starts asked for; a course of 1,000 is there within a minute."""
_PEER_NAME = f"KubeSpawner {version('jupyterhub-kubespawner')}"


@dataclass(slots=True)
class Load:
    """What a hub took for one more step of sessions."""

    cpu_per_spawn_ms: float
    seconds: list[float]
    turned_away: int
    failed: int
    idle_cpu_s: float
    memory_mb: float


@dataclass(slots=True)
class Outcome:
    """What was measured of a hub until its end, or until it failed."""

    steps: list[Load] = field(default_factory=list)
    pods_deleted: int = 0
    failure: str = ""

    def step(self, number: int) -> Load | None:
        return self.steps[number] if number < len(self.steps) else None


def figures(ours: Outcome, peer: Outcome) -> Iterator[Figure]:
    """Give what was measured of ours, each beside the peer's or why that has none."""
    for number, mine in enumerate(ours.steps):
        theirs = peer.step(number)
        others = _of_step(theirs, number) if theirs else []
        for index, figure in enumerate(_of_step(mine, number)):
            yield replace(
                figure,
                peer=_PEER_NAME,
                peer_value=others[index].value if others else None,
                peer_failed="" if others else peer.failure,
            )
    if len(ours.steps) == len(TOTALS):
        yield Figure(
            "scale-killed",
            f"Pods deleted by who made them, of {TOTALS[-1]}; the peer's of {PEER_TOTALS[-1]}",
            ours.pods_deleted,
            "",
            target=0,
            peer=_PEER_NAME,
            peer_value=peer.pods_deleted if len(peer.steps) == len(PEER_TOTALS) else None,
            peer_failed=peer.failure,
        )
    if len(ours.steps) > 1:
        yield _growth(ours.steps)


def spawner_figures(ours: Load, peer: Outcome, alone: Load) -> Iterator[Figure]:
    """Separate JupyterHub's own part of a start from the spawners'."""
    core = alone.cpu_per_spawn_ms
    theirs = peer.step(0)
    whole = theirs.cpu_per_spawn_ms if theirs else None
    own = whole - core if whole is not None else None
    title = f"of a start, up to {TOTALS[0]}"
    for name, what, value, peer_value in (
        ("floor", "JupyterHub's own CPU", core, whole),
        ("own", "The spawner's CPU", ours.cpu_per_spawn_ms - core, own),
    ):
        yield Figure(
            f"scale-spawn-{name}",
            f"{what} {title}",
            value,
            "ms",
            peer=_PEER_NAME,
            peer_value=peer_value,
            peer_failed="" if theirs else peer.failure,
        )


def _growth(steps: list[Load]) -> Figure:
    """Give what sessions add to an idle hub: 0 where nothing asks for each of them."""
    last = len(steps) - 1
    more = TOTALS[last] - TOTALS[0]
    return Figure(
        "scale-idle-growth",
        f"Hub CPU of a minute idle that 1000 more add, {TOTALS[0]} to {TOTALS[last]}",
        1000 * (steps[last].idle_cpu_s - steps[0].idle_cpu_s) / more,
        "s",
        target=0.5,
    )


def _of_step(load: Load, number: int) -> list[Figure]:
    total = TOTALS[number]
    return [
        Figure(
            f"scale-spawn-cpu-{total}",
            f"Hub CPU of a start, up to {total}",
            load.cpu_per_spawn_ms,
            "ms",
            ratio_target=0.6,
        ),
        Figure(
            f"scale-idle-cpu-{total}",
            f"Hub CPU of a minute idle, {total} run",
            load.idle_cpu_s,
            "s",
            ratio_target=0.3,
        ),
        Figure(
            f"scale-start-{total}",
            f"Start to ready at {PER_SECOND}/s, up to {total}, p95",
            percentile(load.seconds, 0.95),
            "s",
        ),
        Figure(f"scale-memory-{total}", f"Hub memory, {total} run", load.memory_mb, "MB"),
        Figure(
            f"scale-refused-{total}",
            f"Starts told to come back, up to {total}",
            load.turned_away,
            "",
            target=0,
        ),
        Figure(
            f"scale-failed-{total}", f"Starts that failed, up to {total}", load.failed, "", target=0
        ),
    ]
