"""What is done about a session pod that no server of JupyterHub goes with. Pure.

There should be none. There is one after a start that was given up and came late, after a hub
whose database is older than the session, and after whatever nobody has thought of.
"""

from dataclasses import dataclass
from enum import Enum, auto

from gpucommons_spawner.pod_state.session_pod import SessionPod

SETTLE_SECONDS = 60.0
"""How long a pod must have been without a server before anything is done about it."""
_MANY = 5
"""So many that nobody takes are no accident, if they are most of all."""


class Step(Enum):
    """What to do with a pod."""

    NONE = auto()
    """It goes with a server, or it is another hub's."""
    WAIT = auto()
    """It is counted, and looked at again."""
    ADOPT = auto()
    """The server goes on with it. If that does not succeed, it waits."""
    END = auto()


@dataclass(frozen=True, slots=True)
class Server:
    """What JupyterHub knows of the server that a pod says it is of.

    pod: ``namespace/name`` of the one that it goes with, or would. over: the last start of it
    whose session was ended or given up.
    """

    active: bool
    pending: bool
    pod: str
    over: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, and the reason as it is logged."""

    step: Step
    why: str = ""


def decide(pod: SessionPod, server: Server | None, seconds: float, grace: float) -> Decision:
    """Judge one pod. None: there is no such person, or they have no such server.

    seconds: how long it has been seen without a server, as it is, in a view that was fresh all
    the time. grace: seconds after which one that nobody takes is ended.
    """
    if server and server.active and server.pod == pod.key:
        return Decision(Step.NONE)
    if hindrance := _too_early(pod, server, seconds):
        return Decision(Step.WAIT, hindrance)
    if pod.over:
        return Decision(Step.END, "it has ended by itself")
    if server and server.over == pod.start:
        return Decision(Step.END, "its session was stopped, or its start given up")
    reason = _why_nobody_takes(pod, server)
    if seconds >= grace:
        return Decision(Step.END, reason or "its server could not go on with it")
    return Decision(Step.WAIT, reason) if reason else Decision(Step.ADOPT, "its person lost it")


def is_doubtful(lost: int, pods: int) -> bool:
    """Whether the hub's knowledge is more likely wrong than its cluster: nobody is ended then.

    lost: session pods without a server that run. pods: all that run. A hub with an empty database,
    or one of last month, knows next to nobody, and each session would seem to be nobody's.
    """
    return lost >= _MANY and 2 * lost > pods


def _too_early(pod: SessionPod, server: Server | None, seconds: float) -> str:
    """Say what must be waited for; empty if nothing."""
    if server and server.pending:
        return "its server is being started, stopped or looked at"
    if pod.leaving:
        return "it is being ended"
    return "it was found a moment ago" if seconds < SETTLE_SECONDS else ""


def _why_nobody_takes(pod: SessionPod, server: Server | None) -> str:
    """Say why no server can go on with it; empty if its own can."""
    if server is None:
        return "nobody has such a server"
    if server.active:
        return "its server has another pod"
    return "" if pod.running else "it does not run, and its server waits for no pod"
