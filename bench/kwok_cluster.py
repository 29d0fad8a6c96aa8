"""A cluster of any size for benchmarks: a real API server and scheduler, and KWOK's nodes.

KWOK (https://kwok.sigs.k8s.io) plays kubelets: pods are placed and get a status, and no
container runs. Its version is pinned in ``bench/kwok``; it is built at first use.
"""

import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from gpucommons_contract import Label, team_namespace
from gpucommons_local.machine.cache import cache_folder, fingerprint
from gpucommons_local.machine.toolchain import run_logged

from tests.hub.kubernetes import APIServer, KubernetesProgram
from tests.hub.processes import Program, free_port

_SOURCES = Path(__file__).with_name("kwok")
_SAMPLE = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)


class KwokCluster(APIServer):
    """The API server. ``requests`` says what it was asked for."""

    def add_nodes(
        self,
        count: int,
        amounts: dict[str, str],
        labels: dict[str, str],
        kubelet_ports: Sequence[int] = (),
    ) -> None:
        """Make ready nodes that have these amounts each, such as ``{"cpu": "64"}``.

        kubelet_ports: where each one's kubelet listens, if anybody plays them.
        """
        for number in range(count):
            status: dict[str, object] = {"allocatable": amounts, "capacity": amounts}
            if kubelet_ports:
                status["addresses"] = [{"type": "InternalIP", "address": "127.0.0.1"}]
                status["daemonEndpoints"] = {"kubeletEndpoint": {"Port": kubelet_ports[number]}}
            self.post(
                "/api/v1/nodes",
                {"metadata": {"name": f"node-{number}", "labels": labels}, "status": status},
            )

    def add_team(self, name: str) -> None:
        """Make a team's namespace."""
        metadata = {"name": team_namespace(name), "labels": {Label.TEAM: name}}
        self.post("/api/v1/namespaces", {"metadata": metadata})

    def end(self, *, kill: bool) -> None:
        """End the API server alone; etcd goes on. ``start_again`` is its counterpart."""
        if kill:
            self.kill()
        else:
            Program.stop(self)

    def start_again(self) -> None:
        """Start the API server at the same address."""
        Program.start(self)

    def requests(self, resource: str, verb: str) -> int:
        """Count the requests so far about a resource, such as ``pods`` and ``DELETE``."""
        text = self.client.get("/metrics").text
        wanted = (f'resource="{resource}"', 'subresource=""', f'verb="{verb}"')
        found = (
            float(n) for labels, n in _SAMPLE.findall(text) if all(w in labels for w in wanted)
        )
        return int(sum(found))


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Make a folder for a benchmark, off the disk where the machine has such a place.

    The disk is not what is measured.
    """
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@contextmanager
def kwok_cluster(
    folder: Path,
    nodes: int,
    amounts: dict[str, str],
    labels: dict[str, str] | None = None,
    kubelet_ports: Sequence[int] = (),
) -> Iterator[KwokCluster]:
    """Run a cluster with so many nodes in a folder, until the context ends."""
    folder.mkdir(parents=True, exist_ok=True)
    api = KwokCluster(folder)
    with ExitStack() as running:

        def start(program: Program) -> None:
            program.start()
            running.callback(program.stop)

        start(api)
        api.add_nodes(nodes, amounts, labels or {}, kubelet_ports)
        scheduler = KubernetesProgram("kube-scheduler", folder, api.kubeconfig, *_FAST_SCHEDULER)
        start(scheduler)
        running.enter_context(_kept_running(scheduler))
        start(_Kwok(folder, api.kubeconfig))
        yield api


_LOOK_S = 1.0
_FAST_SCHEDULER = ("--kube-api-qps=500", "--kube-api-burst=1000")
"""The scheduler's own limit on requests is not what is measured."""


@contextmanager
def _kept_running(program: Program) -> Iterator[None]:
    """Start a program again whenever it ends by itself, as a kubelet does.

    The scheduler ends itself when it has lost track, which happens while an API server is killed.
    """
    over = threading.Event()

    def keep() -> None:
        while not over.wait(_LOOK_S):
            if not program.runs:
                with suppress(AssertionError):  # not up in time: at the next look
                    program.start()

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Kwok(Program):
    def __init__(self, folder: Path, kubeconfig: Path):
        address = f"127.0.0.1:{free_port()}"
        command = [
            str(_built()),
            f"--kubeconfig={kubeconfig}",
            "--manage-all-nodes",
            f"--config={_SOURCES / 'stages.yaml'}",
            f"--server-address={address}",
            "--node-lease-duration-seconds=200",
        ]
        super().__init__(command, f"http://{address}/healthz", folder / "kwok.log", {})


def _built() -> Path:
    """Build KWOK, unless it is in the cache."""
    folder = cache_folder() / "bench" / fingerprint([_SOURCES])
    program = folder / "kwok"
    if not program.exists():
        command = ["go", "build", "-mod=readonly", "-trimpath", "-o", f"{folder}/"]
        run_logged(
            [*command, "sigs.k8s.io/kwok/cmd/kwok"],
            folder=_SOURCES,
            log=cache_folder() / "logs" / "kwok.log",
            extra={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
        )
    return program
