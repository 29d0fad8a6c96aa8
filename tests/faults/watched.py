"""A platform of real programs that a real Prometheus watches, and an Alertmanager that tells.

The hub with our spawner, accounting, the idle culler and the controller of snapshots run on a real
API server, beside a real Dex. What a kubelet, kube-state-metrics, cert-manager and dcgm-exporter
would say is served as exactly their series, because none of these runs here.
"""

import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml
from gpucommons_contract import IDLE_SERVICE

from tests.hub.accounting.accounting_program import AccountingProgram
from tests.hub.alertmanager import Alertmanager, ShorterWaits
from tests.hub.culler.receivers import ChatReceiver, MailReceiver
from tests.hub.dex import Dex
from tests.hub.processes import Program, free_port
from tests.hub.prometheus import Exporter, Prometheus
from tests.hub.spawner.api_server import VISION, ClusterWithTeams
from tests.hub.spawner.conftest import CATALOGUE
from tests.hub.spawner.node import Node
from tests.hub.spawner.spawn_hub import ADMIN_TOKEN, SpawnHub
from tests.unit.monitoring.rule_files import groups
from tests.waiting import until

from .hurried_rules import FACTOR, hurried
from .loop_thread import LoopThread
from .said_by_others import DAY_S, all_well
from .told_alerts import ToldAlerts
from .watched_programs import FINDS_TESTS, HURRIED, IDLE_TOKEN, IdleCuller, SnapshotController

GPU_SIZE = {"environment": "scipy", "size": "gpu"}
_PATIENT = f"""
c.GPUSpawner.unschedulable_timeout = c.GPUSpawner.start_timeout = 3600
for each in c.JupyterHub.services:
    if each["name"] == {IDLE_SERVICE!r}:
        each["api_token"] = {IDLE_TOKEN!r}
"""
_NOT_HERE = {"gpucommons-probe-alerts", "gpucommons-slo-probe", "gpucommons-slo-files"}
"""Rules about the start probe, which tests/hub/test_doctor_after.py starts."""
_START_LIMIT_S = 300.0
"""They all start on the same few cores."""
NODES, SECOND = "/api/v1/nodes", "node-2"
_CHANGE_S = 0.5
_SCRAPED_EVERY = "4s"
"""Not shortened as much as the rest: a busy machine takes its time to answer."""


OF_BUSY_MACHINES = frozenset(
    ("GPUCommonsAPIServerSlow", "GPUCommonsAccountingBehind", "GPUCommonsCullerAway")
)
"""What alerts tell of a machine that is too busy for a clock that runs so fast: it is true then."""


class _Ends(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


class WatchedPlatform:
    """All of it: `planted` has what goes wrong."""

    def __init__(self, folder: Path, thread: LoopThread, stack: ExitStack) -> None:
        """stack: what ends the programs, the last first."""

        def begin(program: _Ends) -> None:
            stack.callback(program.stop)
            if isinstance(program, Program):
                program.start_limit_s = _START_LIMIT_S
            program.start()

        self.api = ClusterWithTeams(folder)
        begin(self.api)
        self.node = Node(self.api, gpus=2, shares=4)
        self.node.activity |= {"started": DAY_S, "kernels": [], "terminals": [], "editing": None}
        begin(self.node)
        self._add_second_node()
        self.accounting = AccountingProgram(folder, self.api.kubeconfig)
        self.accounting.command[2] = HURRIED
        self.accounting._env |= FINDS_TESTS
        settings = self.accounting.config + _PATIENT
        kubeconfig, port = self.api.kubeconfig, self.node.session_port
        self.hub = SpawnHub(folder, CATALOGUE, kubeconfig, port, more=settings)
        begin(self.hub)
        self._telemetry, self._culler_port = free_port(), free_port()
        self.dex = Dex(folder, self.hub.url, telemetry=self._telemetry)
        begin(self.dex)
        stack.callback(self.accounting.stop)
        self.accounting.start_limit_s = _START_LIMIT_S
        self.accounting.serve(self.hub)
        self._have_records()
        self.backup = SnapshotController(folder, self.api.kubeconfig)
        begin(self.backup)
        chat, mails = ChatReceiver(), MailReceiver(folder / "mail.pem")
        for each in (chat, mails):
            thread.do(each.start())
            stack.callback(lambda each=each: thread.do(each.stop()))
        self.told = ToldAlerts(chat)
        self.alertmanager = Alertmanager(folder, mails, chat, ShorterWaits(FACTOR))
        begin(self.alertmanager)
        self.others = Exporter()
        self.others.figures |= all_well()
        begin(self.others)
        self.prometheus = self._prometheus(folder)
        begin(self.prometheus)
        pod = self._have_a_gpu_session("ruth")
        over = threading.Event()
        pulse = threading.Thread(target=self._change_again_and_again, args=(pod, over))
        stack.callback(pulse.join)
        stack.callback(over.set)
        pulse.start()
        self.culler = IdleCuller(folder, self.hub, self.prometheus.url, self._culler_port)
        begin(self.culler)
        self._be_read()

    def _prometheus(self, folder: Path) -> Prometheus:
        rules = folder / "rules.yaml"
        here = [each for name, each in groups().items() if name not in _NOT_HERE]
        rules.write_text(yaml.safe_dump({"groups": hurried(here)}))
        more = {
            "global": {
                "scrape_interval": _SCRAPED_EVERY,
                "scrape_timeout": _SCRAPED_EVERY,
                "evaluation_interval": "1s",
            },
            "scrape_configs": list(self._scraped()),
            "alerting": {"alertmanagers": [_static(self.alertmanager.url)]},
        }
        return Prometheus(folder, rules=[rules], more=more)

    def _scraped(self) -> Iterator[dict[str, Any]]:
        """Name whom Prometheus reads, by the jobs that cluster/monitoring names."""
        address = "http://127.0.0.1:"
        token = {"credentials": ADMIN_TOKEN}
        yield {
            "job_name": "gpucommons-hub",
            "metrics_path": "/hub/metrics",
            "authorization": {"type": "token", **token},
            **_static_configs(self.hub.url, pod="hub"),
        }
        for job, url in (
            ("gpucommons-dex", f"{address}{self._telemetry}"),
            ("gpucommons-idle-culler", f"{address}{self._culler_port}"),
            ("gpucommons-accounting", self.accounting.url),
            ("gpucommons-backup", f"{address}{self.backup.port}"),
        ):
            yield {"job_name": job, **_static_configs(url, pod=job)}
        # dcgm-exporter names the pods of sessions, which must not be taken for its own.
        others = _static_configs(f"{address}{self.others.port}", pod="exporter")
        yield {"job_name": "others", "honor_labels": True, **others}
        yield {
            "job_name": "apiserver",
            "scheme": "https",
            "authorization": {"credentials": self.api.token},
            "tls_config": {"insecure_skip_verify": True},
            "metric_relabel_configs": [
                {
                    "source_labels": ["__name__"],
                    "regex": "apiserver_request_duration_seconds_bucket",
                    "action": "keep",
                }
            ],
            **_static_configs(self.api.url),
        }

    def _have_records(self) -> None:
        """What cluster/backup has the controller keep its records in."""
        self.api.post("/api/v1/namespaces", {"metadata": {"name": "gpucommons"}})
        for kind, name in (
            ("secrets", "workspace-repositories"),
            ("configmaps", "snapshot-erasures"),
            ("configmaps", "kept-workspaces"),
        ):
            self.api.post(f"/api/v1/namespaces/gpucommons/{kind}", {"metadata": {"name": name}})

    def _add_second_node(self) -> None:
        """A node with GPUs that the hub's pods never come to, so that it can be lost."""
        self.api.post(NODES, {"metadata": {"name": SECOND}, "spec": {"unschedulable": False}})
        self.say_of_second_node("True", {"nvidia.com/gpu": "4"})

    def say_of_second_node(self, ready: str, amounts: Mapping[str, str] | None = None) -> None:
        """ready: True or Unknown. amounts: what it has, said once."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        condition = {"type": "Ready", "status": ready, "lastTransitionTime": moment}
        status = {"conditions": [{**condition, "lastHeartbeatTime": moment}]}
        more = {"capacity": amounts, "allocatable": amounts} if amounts else {}
        self.api.patch(f"{NODES}/{SECOND}/status", {"status": status | more})

    def _have_a_gpu_session(self, name: str) -> str:
        """Have somebody work on a GPU that dcgm-exporter measures; return their pod's name."""
        assert self.hub.start_server(name, GPU_SIZE).status_code in {201, 202}
        self.hub.until(lambda: self.hub.servers(name).get("", {}).get("ready"))
        (pod,) = (each for each in self.api.pods() if f"-{name}" in each["metadata"]["name"])
        where = f'namespace="{VISION}",pod="{pod["metadata"]["name"]}",gpu="0"'
        self.use_of_gpu = f"DCGM_FI_DEV_GPU_UTIL{{{where}}}"
        self.others.figures[self.use_of_gpu] = 90
        return str(pod["metadata"]["name"])

    def _change_again_and_again(self, pod: str, over: threading.Event) -> None:
        """Let watches hear of something, as on a cluster that is in use.

        Where nothing changes, the API server sends them a bookmark a minute, and accounting knows
        no sooner that it has missed nothing.
        """
        path = f"/api/v1/namespaces/{VISION}/pods/{pod}"
        while not over.wait(_CHANGE_S):
            with suppress(httpx.TransportError, AssertionError, LookupError):
                notes = {"example.org/changed": str(time.monotonic())}
                self.api.patch(path, {"metadata": {"annotations": notes}})

    def _be_read(self) -> None:
        """Wait until Prometheus reads all."""
        until(lambda: not self.prometheus.ask("up == 0") and len(self.prometheus.ask("up")) == 7)

    def until_quiet(self, apart_from: Collection[str]) -> None:
        """Wait until nothing is wrong, apart from some alerts, and all was told; forget that."""
        ours = f"alertname!~'{'|'.join(apart_from)}'"
        quiet = f"ALERTS{{{ours}, severity='critical'}} or ALERTS{{{ours}, slo=''}}"
        until(lambda: not self.prometheus.ask(quiet), pause=0.5, instead=self.say)
        told = self.told
        until(lambda: told.begun() - told.over() <= set(apart_from), pause=0.5, instead=self.say)
        self.told.forget()

    def say(self) -> str:
        """Say what is the matter, for a test that fails."""
        found = [each["metric"] for each in self.prometheus.ask("ALERTS")]
        return f"told: {self.told.all()}; there are: {found}"


def _static(url: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [url.partition("://")[2]]}]}


def _static_configs(url: str, **labels: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [url.partition("://")[2]], "labels": labels}]}
