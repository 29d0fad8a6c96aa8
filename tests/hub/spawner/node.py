"""One node, played: pods are placed while there are GPUs, and then run until their time is up.

Their address is the machine's loopback, where one small server answers for all
sessions, as a single-user server would.
"""

import hashlib
import json
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from gpucommons_contract import Endpoint

from .api_server import ClusterWithTeams

NAME = "node-1"
GPU = "nvidia.com/gpu"
SHARED = "nvidia.com/gpu.shared"
_LOOK_S = 0.05


class Node:
    """The node. ``runs_pods = False`` leaves new pods waiting; ``lost`` does nothing at all."""

    def __init__(self, api: ClusterWithTeams, gpus: int, shares: int):
        self.runs_pods, self.lost = True, False
        self.renewed = 0
        """Counts how often all tags were moved to other images."""
        self._api, self._capacity = api, {GPU: gpus, SHARED: shares}
        self._stop = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self.notices: list[dict] = []
        """What sessions were told to show."""
        self._server.notices = self.notices
        self.asked_to_save: list[str] = []
        """Paths of sessions whose pages were asked to save, the latest last."""
        self._server.asked_to_save = self.asked_to_save
        self.cannot_save: set[str] = set()
        """Names of people whose sessions refuse that."""
        self._server.cannot_save = self.cannot_save
        self.activity: dict[str, object] = {}
        """What sessions say of their use, and of anything else that they are asked."""
        self._server.activity = self.activity
        self.session_port = self._server.server_port
        self._threads = [
            threading.Thread(target=self._server.serve_forever),
            threading.Thread(target=self._run),
        ]

    def start(self) -> None:
        labels = {"nvidia.com/gpu.sharing-strategy": "mps"}
        amounts = {"cpu": "64", "memory": "256Gi", "pods": "110"}
        amounts |= {key: str(count) for key, count in self._capacity.items()}
        self._api.post("/api/v1/nodes", {"metadata": {"name": NAME, "labels": labels}})
        self._api.patch(
            f"/api/v1/nodes/{NAME}/status",
            {
                "status": {
                    "capacity": amounts,
                    "allocatable": amounts,
                    "conditions": [{"type": "Ready", "status": "True"}],
                }
            },
        )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            try:
                self._look()
            except (AssertionError, httpx.TransportError) as error:  # as a kubelet, try again
                print(f"The node is not served: {error!r}")  # noqa: T201 -- shown if a test failed

    def _look(self) -> None:
        pods = self._api.pods()
        for pod in pods:
            with suppress(LookupError):  # it was deleted since it was listed
                self._attend(pod, pods)

    def _attend(self, pod: dict, pods: list[dict]) -> None:
        if self.lost:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self._api.delete(_path(pod))
        elif self.runs_pods and not pod["spec"].keys() & {"nodeName", "schedulingGates"}:
            if not self._api.get(f"/api/v1/nodes/{NAME}")["spec"].get("unschedulable"):
                self.place(pod, pods)
        elif _time_is_up(pod):
            over = {"phase": "Failed", "reason": "DeadlineExceeded", "containerStatuses": []}
            self._api.patch(f"{_path(pod)}/status", {"status": over})

    def place(self, pod: dict, pods: list[dict]) -> None:
        """Run a pod here, as far as there is room beside those that run."""
        lacking = [key for key in self._capacity if _asks(pod, key) > self._free(key, pods)]
        if lacking:
            self._say_unschedulable(pod, lacking[0])
            return
        target = {"apiVersion": "v1", "kind": "Node", "name": NAME}
        self._api.post(
            f"{_path(pod)}/binding",
            {"metadata": {"name": pod["metadata"]["name"]}, "target": target},
        )
        pod["spec"]["nodeName"] = NAME
        status = {
            "phase": "Running",
            "startTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "podIP": "127.0.0.1",
            "podIPs": [{"ip": "127.0.0.1"}],
            "containerStatuses": [
                {
                    "name": "notebook",
                    "ready": True,
                    "restartCount": 0,
                    "image": "",
                    "imageID": self.image_id(pod["spec"]["containers"][0]["image"]),
                    "state": {"running": {}},
                }
            ],
        }
        self._api.patch(f"{_path(pod)}/status", {"status": status})

    def image_id(self, image: str) -> str:
        """What a node says of an image that it has pulled: tags stand for ``renewed``'s content."""
        name, _, digest = image.partition("@")
        content = hashlib.sha256(f"{image} {self.renewed}".encode()).hexdigest()
        repository = name if digest else name.rpartition(":")[0]
        return f"docker.io/{repository}@{digest or 'sha256:' + content}"

    def _say_unschedulable(self, pod: dict, resource: str) -> None:
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": f"0/1 nodes are available: 1 Insufficient {resource}. preemption: none.",
        }
        self._api.patch(f"{_path(pod)}/status", {"status": {"conditions": [condition]}})

    def _free(self, resource: str, pods: list[dict]) -> int:
        used = sum(_asks(pod, resource) for pod in pods if pod["spec"].get("nodeName"))
        return self._capacity[resource] - used


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # many sessions are looked at in the same moment


class _Session(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.activity).encode())

    def do_POST(self):
        said, status = self.rfile.read(int(self.headers["Content-Length"])), 204
        if self.path.endswith(f"/{Endpoint.SESSION_FAREWELL}"):
            refuses = self.path.split("/")[2] in self.server.cannot_save
            status = 404 if refuses else status
            self.server.asked_to_save.append(self.path)
        else:
            self.server.notices.append(json.loads(said))
        self.send_response(status)
        self.end_headers()

    def do_DELETE(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args):
        pass


def _time_is_up(pod: dict) -> bool:
    limit, status = pod["spec"].get("activeDeadlineSeconds"), pod["status"]
    if not limit or status["phase"] != "Running":
        return False
    begun = datetime.fromisoformat(status["startTime"])
    return datetime.now(UTC) >= begun + timedelta(seconds=limit)


def _asks(pod: dict, resource: str) -> int:
    containers = pod["spec"]["containers"]
    return sum(int(each["resources"].get("limits", {}).get(resource, 0)) for each in containers)


def _path(pod: dict) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
