"""What a session knows about its own activity, for the idle culler.

Times are ages in seconds before the answer, not moments: the clocks of a session's node and
of the culler's need not agree.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KernelActivity:
    """One kernel. busy is whether a cell runs now; last is the age of its last execution."""

    id: str
    name: str
    """The notebook or console that uses it, as people know it; the kernel's id without one."""
    busy: bool
    last: float


@dataclass(frozen=True, slots=True)
class TerminalActivity:
    """One terminal. busy is whether a program other than the shell runs in it."""

    name: str
    busy: bool
    program: str | None
    """The program's name, such as ``python``; None if none runs or it is unknown."""
    last: float
    """Age of the last input or output."""


@dataclass(frozen=True, slots=True)
class GPUActivity:
    """What the session read of all its devices together.

    last is the age of the last moment with work on any of them; None if there was none since
    ``watched``, the age of the moment from which on all devices were read without a gap.
    """

    watched: float
    last: float | None
    utilization: float
    """Percent; the highest of any device within the last hour, or since ``watched``."""
    memory: int | None
    """Bytes in use on all devices now, on shared ones by this session; None: unknown."""


@dataclass(frozen=True, slots=True)
class SessionActivity:
    """A session's answer to ``Endpoint.SESSION_ACTIVITY``.

    editing is the age of the last thing that the person did to a document (saved, renamed,
    created) or typed in VS Code; None if nothing since ``started``, the session's age.
    terminals is None where the platform does not let the session inspect them.
    gpu is None without a device, or where it cannot be read: ``gpu_problem`` then says why.
    """

    started: float
    kernels: tuple[KernelActivity, ...]
    terminals: tuple[TerminalActivity, ...] | None
    editing: float | None
    gpu: GPUActivity | None = None
    gpu_problem: str | None = None

    def to_json(self) -> str:
        """Write the activity as one line of JSON."""
        return json.dumps(asdict(self))


def read_activity(text: str | bytes) -> SessionActivity:
    """Read a session's answer. Raises ValueError that says what is wrong with it.

    The session's person may have written it: nothing in it is believed to be well-formed.
    """
    try:
        said: dict[str, Any] = json.loads(text)
        gpu = said.get("gpu")
        terminals = said.get("terminals")
        return SessionActivity(
            started=_age(said["started"]),
            kernels=tuple(
                KernelActivity(str(k["id"]), str(k["name"]), bool(k["busy"]), _age(k["last"]))
                for k in said["kernels"]
            ),
            terminals=None if terminals is None else tuple(_terminal(each) for each in terminals),
            editing=_maybe_age(said.get("editing")),
            gpu=None if gpu is None else _gpu(gpu),
            gpu_problem=None if said.get("gpu_problem") is None else str(said["gpu_problem"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(
            f"the session's answer does not have the expected form: {error!r}"
        ) from error


def _terminal(said: dict[str, Any]) -> TerminalActivity:
    program = said.get("program")
    return TerminalActivity(
        name=str(said["name"]),
        busy=bool(said["busy"]),
        program=None if program is None else str(program),
        last=_age(said["last"]),
    )


def _gpu(said: dict[str, Any]) -> GPUActivity:
    memory = said.get("memory")
    return GPUActivity(
        watched=_age(said["watched"]),
        last=_maybe_age(said.get("last")),
        utilization=_age(said["utilization"]),
        memory=None if memory is None else int(memory),
    )


def _maybe_age(value: object) -> float | None:
    return None if value is None else _age(value)


_LONGEST_AGE = 10 * 365 * 86400.0


def _age(value: object) -> float:
    """Read a number that is not negative, nor NaN or infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    if not 0 <= value <= _LONGEST_AGE:
        raise ValueError(f"the session's answer has {value!r} where seconds should be")
    return float(value)
