"""Faults that are planted in a watched platform: each is a context, and lasts as long as that."""

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from gpucommons_contract import Annotation

from tests.hub.spawner.api_server import VISION

from .said_by_others import DAY_S, Figures
from .watched import GPU_SIZE, NODES, SECOND, WatchedPlatform

_CLAIMS = f"/api/v1/namespaces/{VISION}/persistentvolumeclaims"
_STOPPED_S, _GOES_S = 1.6, 0.4
"""How long etcd does nothing, and how long it works between."""
_LARGEST_FILE = 4096
"""Bytes: a database that may have no more is full, and its journal still fits."""


@contextmanager
def hub_down(platform: WatchedPlatform) -> Iterator[None]:
    platform.hub.stop()
    yield
    platform.hub.start()


@contextmanager
def dex_down(platform: WatchedPlatform) -> Iterator[None]:
    platform.dex.kill()
    yield
    platform.dex.start()


@contextmanager
def node_lost(platform: WatchedPlatform) -> Iterator[None]:
    platform.say_of_second_node("Unknown")
    yield
    platform.say_of_second_node("True")


@contextmanager
def queue_stuck(platform: WatchedPlatform) -> Iterator[None]:
    """Somebody waits for a GPU, and two nodes have free ones."""
    platform.node.runs_pods = False
    platform.hub.start_server("rosa", GPU_SIZE, answer_after=1)
    yield
    platform.node.runs_pods = True
    platform.hub.until(lambda: platform.hub.servers("rosa").get("", {}).get("ready"))
    platform.hub.stop_server("rosa")


@contextmanager
def culler_blind(platform: WatchedPlatform) -> Iterator[None]:
    """dcgm-exporter no longer knows which pods have the GPUs."""
    use = platform.others.figures.pop(platform.use_of_gpu)
    yield
    platform.others.figures[platform.use_of_gpu] = use


@contextmanager
def backup_late(platform: WatchedPlatform) -> Iterator[None]:
    """A workspace that was used a day ago, and since is in no snapshot."""
    name = "workspace-sam"
    used = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - DAY_S))
    notes = {"hub.jupyter.org/username": "sam", Annotation.MOUNTED_AT: used}
    labels = {"component": "singleuser-storage"}
    platform.api.post(
        _CLAIMS,
        {
            "metadata": {"name": name, "labels": labels, "annotations": notes},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        },
    )
    yield
    # Nothing of Kubernetes is here that would take its finalizer away.
    platform.api.patch(f"{_CLAIMS}/{name}", {"metadata": {"finalizers": None}})
    platform.api.delete(f"{_CLAIMS}/{name}")


@contextmanager
def said_by_others(platform: WatchedPlatform, figures: Figures) -> Iterator[None]:
    """Let others say something else of what they say anyhow."""
    before = {name: platform.others.figures[name] for name in figures}
    platform.others.figures |= figures
    yield
    platform.others.figures |= before


@contextmanager
def database_full(platform: WatchedPlatform) -> Iterator[None]:
    """Accounting's database may not grow, nor have what it has written anew."""
    process = platform.accounting._process
    assert process is not None
    unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_LARGEST_FILE, unlimited[1]))
    yield
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)


@contextmanager
def api_server_slow(platform: WatchedPlatform) -> Iterator[None]:
    """Its etcd works for a moment at a time, so that whoever asks waits."""
    etcd = platform.api._etcd._process
    assert etcd is not None
    over = threading.Event()

    def hold() -> None:
        while not over.is_set():
            os.kill(etcd.pid, signal.SIGSTOP)
            over.wait(_STOPPED_S)
            os.kill(etcd.pid, signal.SIGCONT)
            over.wait(_GOES_S)

    def ask() -> None:
        while not over.is_set():
            with suppress(httpx.TransportError):
                platform.api.client.get(f"{NODES}/{SECOND}")
            # Few are quick, whatever the machine: one of 100 would be enough to be slow.
            over.wait(_GOES_S / 4)

    threads = [threading.Thread(target=each) for each in (hold, ask, ask)]
    for each in threads:
        each.start()
    yield
    over.set()
    for each in threads:
        each.join()
