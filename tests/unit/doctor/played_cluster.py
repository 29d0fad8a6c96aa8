"""An API server that holds given objects: real HTTP and JSON, no rules of its own."""

import asyncio
from copy import deepcopy
from functools import cache

from aiohttp import web

from . import objects

_REVIEWS = ("selfsubjectreviews", "selfsubjectaccessreviews", "subjectaccessreviews")
ADMINISTRATOR = "kubernetes-admin"


class PlayedCluster:
    """Objects by the path of their list; paths that are not there are not served.

    Namespaced kinds are kept by the path of the whole cluster's list.
    """

    def __init__(self):
        self.version = "v1.35.4"
        self.lists: dict[str, list[dict]] = {}
        self.forbidden: set[str] = set()
        """Ends of paths that are refused."""
        self.may = lambda method, path: True
        """Whether the account may make a request."""
        self.hanging: set[str] = set()
        """Ends of paths that are not answered until it is over."""
        self.over = asyncio.Event()
        self.who = ADMINISTRATOR
        self.denied: set[tuple[str, str]] = set()
        """Verbs and resources that the hub may not."""
        self.asked: list[dict] = []
        """Specs of the reviews."""

    def objects(self, end):
        """The list whose path has this end, such as ``/nodes``."""
        (path,) = [each for each in self.lists if each.endswith(end)]
        return self.lists[path]

    def drop(self, end):
        """Serve a kind no longer."""
        self.objects(end)
        self.lists = {key: value for key, value in self.lists.items() if not key.endswith(end)}

    async def answer(self, request):
        path, kind = request.path, request.path.split("/")[-1]
        refused = any(path.endswith(each) for each in self.forbidden)
        if refused or not self.may(request.method, path):
            return _refused(403, f'{kind} is forbidden: User "ada" cannot list resource "{kind}"')
        if any(path.endswith(each) for each in self.hanging):
            await self.over.wait()
        if path == "/version":
            return web.json_response({"major": "1", "minor": "35", "gitVersion": self.version})
        if kind in _REVIEWS:
            return self._review(await request.json())
        if served := self._served(path):
            return web.json_response({"kind": "APIResourceList", "resources": served})
        return self._found(request)

    def _review(self, review):
        if review["kind"] == "SelfSubjectReview":
            return web.json_response({**review, "status": {"userInfo": {"username": self.who}}})
        self.asked.append({"kind": review["kind"], **review["spec"]})
        wanted = review["spec"]["resourceAttributes"]
        allowed = (wanted["verb"], wanted["resource"]) not in self.denied
        return web.json_response({**review, "status": {"allowed": allowed}}, status=201)

    def _served(self, group):
        """The kinds of a group and version, such as ``/apis/storage.k8s.io/v1``."""
        if not group.startswith("/apis/") or group.count("/") != 3:
            return []
        begin = f"{group}/"
        kinds = [each.removeprefix(begin) for each in self.lists if each.startswith(begin)]
        return [{"name": kind} for kind in kinds]

    def _found(self, request):
        root, _, inside = request.path.partition("/namespaces/")
        namespace, _, rest = inside.partition("/")
        kind, _, name = rest.partition("/") if inside else ("", "", "")
        path = f"{root}/{kind}" if inside else root
        if path not in self.lists:
            return web.Response(status=404, text="404 page not found", headers={"Audit-Id": "1"})
        items = [
            each
            for each in self.lists[path]
            if not namespace or each["metadata"].get("namespace") == namespace
        ]
        if name:
            found = next((each for each in items if each["metadata"]["name"] == name), None)
            return web.json_response(found) if found else _refused(404, f"{name} not found")
        selector = request.query.get("labelSelector", "")
        items = [_listed(each) for each in items if _selected(each, selector)]
        return web.json_response({"kind": "List", "metadata": {}, "items": items})


def _listed(item):
    """An object as a list has it: its kind is that of the list."""
    return {key: value for key, value in item.items() if key not in {"kind", "apiVersion"}}


def _selected(item, selector):
    labels = item["metadata"].get("labels") or {}
    key, equals, value = selector.partition("=")
    return not selector or (labels.get(key) == value if equals else key in labels)


def _refused(status, message):
    body = {"kind": "Status", "status": "Failure", "code": status, "message": message}
    return web.json_response(body, status=status)


def sound_cluster():
    """A cluster on which everything of tests/unit/doctor/catalogue.yaml runs."""
    played = PlayedCluster()
    played.lists = deepcopy(_sound_lists())  # tests change them
    return played


@cache
def _sound_lists():
    team = objects.team("vision", gpus=6, gpu_shares=12, sessions=50)
    shared = {"nvidia.com/mps.capable": "true", **objects.SHARED_LABELS}
    nodes = [
        objects.node("cpu-1"),
        objects.node("gpu-1", objects.WHOLE, objects.WHOLE_LABELS, taints=[objects.GPU_TAINT]),
        objects.node("gpu-2", objects.SHARED, shared, taints=[objects.GPU_TAINT]),
    ]
    gpus = {"nvidia.com/gpu": "8", "nvidia.com/gpu.shared": "16", "nvidia.com/mig-1g.18gb": "7"}
    kueue, admission = "/apis/kueue.x-k8s.io/v1beta2", "/apis/admissionregistration.k8s.io/v1"
    dra, storage = "/apis/resource.k8s.io/v1", "/apis/storage.k8s.io/v1"
    policies, bindings = objects.admission_policies()
    return {
        "/api/v1/nodes": nodes,
        "/api/v1/namespaces": [team["Namespace"], objects.named("Namespace", "gpucommons")],
        "/api/v1/resourcequotas": [team["ResourceQuota"]],
        "/api/v1/limitranges": [objects.limit_range(default={"cpu": "1"}, max={"cpu": "64"})],
        "/apis/coordination.k8s.io/v1/leases": [
            objects.lease(each["metadata"]["name"]) for each in nodes
        ],
        f"{dra}/deviceclasses": [objects.named("DeviceClass", "gpu.nvidia.com", spec={})],
        f"{dra}/resourceslices": [objects.resource_slice()],
        f"{dra}/resourceclaimtemplates": [
            objects.named("ResourceClaimTemplate", "whole-gpu", "team-vision", spec={})
        ],
        "/apis/node.k8s.io/v1/runtimeclasses": [
            objects.named("RuntimeClass", "nvidia", handler="nvidia")
        ],
        f"{storage}/storageclasses": [objects.storage_class()],
        "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses": [objects.snapshot_class()],
        f"{kueue}/localqueues": [team["LocalQueue"]],
        f"{kueue}/clusterqueues": [objects.cluster_queue(gpus)],
        "/apis/visibility.kueue.x-k8s.io/v1beta2/localqueues/pendingworkloads": [],
        f"{admission}/validatingwebhookconfigurations": [objects.webhook_configuration()],
        f"{admission}/mutatingwebhookconfigurations": [
            objects.webhook_configuration(kind="Mutating")
        ],
        "/apis/discovery.k8s.io/v1/endpointslices": [
            objects.endpoint_slice(),
            objects.api_server_slice(),
        ],
        "/apis/networking.k8s.io/v1/networkpolicies": objects.network_policies(),
        "/apis/networking.k8s.io/v1/ingresses": [objects.hub_ingress("hub.example.org")],
        "/apis/apps/v1/deployments": objects.deployments(),
        "/api/v1/persistentvolumeclaims": [
            objects.workspace(),
            objects.workspace("team", component="team-folder"),
        ],
        f"{admission}/validatingadmissionpolicies": policies,
        f"{admission}/validatingadmissionpolicybindings": bindings,
    }
