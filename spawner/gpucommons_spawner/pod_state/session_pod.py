"""What a session's pod says of itself: whose it is, of which start, and what it holds. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from gpucommons_contract import Annotation, Label

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.pod import SESSION, START, is_over

TOKEN = "JUPYTERHUB_API_TOKEN"  # noqa: S105 -- the variable's name
HUB = "JUPYTERHUB_API_URL"
"""The variable that tells a session where its hub is. Two hubs of a cluster are at two places."""


@dataclass(frozen=True, slots=True)
class SessionPod:
    """One pod that a hub of GPU Commons has made for a session.

    person and server: whose it is. start: which press of Start it is of. hub: the URL of the
    API of the hub that made it. units: GPUs that are charged to it.
    """

    namespace: str
    name: str
    uid: str
    person: str
    server: str
    start: str
    hub: str
    units: Decimal
    team: str
    size: str
    running: bool
    over: bool
    """It has ended by itself: it holds nothing."""
    leaving: bool
    """Its deletion was asked for."""
    token: str = field(default="", repr=False)
    """With which the session calls the hub; empty if it was given none."""

    @property
    def key(self) -> str:
        """Name it in the cluster."""
        return f"{self.namespace}/{self.name}"

    def runs_for(self, person: str, server: str, hub: str) -> bool:
        """Whether a session runs there that this hub has made for this server, and can continue."""
        return (
            self.running
            and (self.person, self.server, self.hub) == (person, server, hub)
            and bool(self.token)
        )


def session_pod(pod: Manifest) -> SessionPod | None:
    """Read it; None for one that is not a session's, or was made without such notes."""
    metadata = pod["metadata"]
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if not (notes.get(START) and Annotation.USER in notes):
        return None
    leaving, over = "deletionTimestamp" in metadata, is_over(pod)
    return SessionPod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        person=notes[Annotation.USER],
        server=notes.get(Annotation.SERVER, ""),
        start=notes[START],
        hub=variable(pod, HUB),
        units=_units(labels.get(Label.GPU_UNITS, "0")),
        team=labels.get(Label.TEAM, ""),
        size=labels.get(Label.SIZE, ""),
        running=_runs(pod) and not leaving,
        over=over,
        leaving=leaving,
        token=variable(pod, TOKEN),
    )


def variable(pod: Manifest, name: str) -> str:
    """Read a variable that the session was given; empty if it has none of that name."""
    for container in pod.get("spec", {}).get("containers") or ():
        for each in (container.get("env") or ()) if container.get("name") == SESSION else ():
            if each.get("name") == name:
                return str(each.get("value") or "")
    return ""


def _runs(pod: Manifest) -> bool:
    status = pod.get("status", {})
    return bool(status.get("phase") == "Running" and status.get("podIP"))


def _units(written: object) -> Decimal:
    try:
        units = Decimal(str(written))
    except InvalidOperation:
        return Decimal(0)
    return units if units.is_finite() else Decimal(0)
