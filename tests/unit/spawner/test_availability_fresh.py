"""What is told equals what is counted afresh, whatever changed and whoever has looked before."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_contract import Grant
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability, AvailabilityCache
from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.pod_state.near_files import near_files
from gpucommons_spawner.quota.grants import Grants
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.quota.ledger_entry import Holding
from gpucommons_spawner.selection.person import Person, Team
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

_GPU, _SHARED, _SHARING = (
    "nvidia.com/gpu",
    "nvidia.com/gpu.shared",
    "nvidia.com/gpu.sharing-strategy",
)
_VISION, _ASTRO = Team("vision", "Vision", "team-vision"), Team("astro", "Astro", "team-astro")
_PEOPLE = (
    Person("ada", frozenset({"vision", "astro"}), (_ASTRO, _VISION)),
    Person("bob", frozenset({"vision", "students"}), (_VISION,)),
    Person("eve", frozenset({"students"})),
)
_SIZES = {
    "cpu": {"display_name": "CPU", "cpu": 1, "memory": "1Gi", "tolerations": [{"key": "lab"}]},
    "share": {
        "display_name": "Share",
        "cpu": 1,
        "memory": "1Gi",
        "gpu": {"mode": "mps", "shares": 4},
    },
    "gpu": {
        "display_name": "GPU",
        "cpu": 2,
        "memory": "2Gi",
        "gpu": {"mode": "exclusive"},
        "access": ["astro", "students"],
    },
    "claim": {
        "display_name": "Claim",
        "cpu": 1,
        "memory": "1Gi",
        "gpu": {"mode": "dra", "template": "one-gpu"},
    },
}
_UNITS = {"cpu": Decimal(0), "share": Decimal("0.25"), "gpu": Decimal(1)}


def _catalogue(sizes: list[str], sessions: int) -> Catalogue:
    environment = {"display_name": "SciPy", "versions": {"1": {"image": "example/scipy:1"}}}
    return Catalogue.model_validate(
        {
            "environments": {
                "scipy": environment,
                "torch": environment | {"access": ["astro"]},
            },
            "sizes": {name: _SIZES[name] for name in sizes},
            "quotas": {
                "default": {"sessions": sessions, "gpus": 1, "sizes": {"share": 1}},
                "groups": {"students": {"gpus": 0.25}},
                "each_team": {"sessions": 3},
                "teams": {"astro": {"gpus": 1}},
            },
        }
    )


_CATALOGUES = [
    _catalogue(["cpu", "share", "gpu", "claim"], 2),
    _catalogue(["share", "gpu"], 2),
    _catalogue(["cpu", "share", "gpu"], 1),
]
_nodes = st.sampled_from(["n1", "n2", "n3"])
_pods = st.sampled_from(["p1", "p2", "p3", "p4", "p5"])
_reports = st.fixed_dictionaries(
    {
        "gpus": st.sampled_from(["1", "4", "0"]),
        "labels": st.sampled_from([{_SHARING: "mps"}, {_SHARING: "mps"}, {}]),
        "ready": st.sampled_from(["True", "True", "False"]),
        "taints": st.sampled_from([[], [], [{"key": "lab", "effect": "NoSchedule"}]]),
    }
)
_loads = st.one_of(
    st.tuples(st.just("vision"), st.just(_SHARED), _nodes),
    st.tuples(st.just("astro"), st.just(_SHARED), _nodes),
    st.tuples(st.just(""), st.sampled_from([_GPU, "cpu"]), _nodes),
)


def _node(name, gpus, labels, ready, taints):
    amounts = {"cpu": "8", "memory": "16Gi", "pods": "10", _GPU: gpus, _SHARED: gpus}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {
            "allocatable": amounts,
            "conditions": [{"type": "Ready", "status": ready}],
        },
    }


def _pod(name, labels=None, requests=None, **spec):
    containers = [{"resources": {"requests": requests or {}}}]
    return {
        "metadata": {"namespace": "s", "name": name, "labels": labels or {}},
        "spec": {"containers": containers, **spec},
        "status": {"phase": "Running"},
    }


class TellingMachine(RuleBasedStateMachine):
    """A hub that tells from what it keeps, beside one that starts anew for each answer."""

    def __init__(self):
        super().__init__()
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.cluster, self.ledger, self.told = Cluster(), Ledger(), AvailabilityCache()
        self.grants = Grants(lambda: self.now)
        self.starts = StartTimes(self._seconds)
        self.noted: list[tuple[datetime, str]] = []
        self.nodes: dict[str, dict] | None = None
        self.pods: dict[str, dict] | None = None
        self.loaded, self.steps, self.every = 0, 0, 1
        self.load_catalogue(0)

    @rule(number=st.integers(0, len(_CATALOGUES) - 1))
    def load_catalogue(self, number):
        self.catalogue, self.loaded = _CATALOGUES[number], self.loaded + 1
        self.availability = self._availability(self.cluster, self.starts)

    def _availability(self, cluster, starts):
        return Availability(self.catalogue, cluster, starts, queued=True, grants=self.grants)

    @initialize(
        reports=st.lists(_reports, min_size=3, max_size=3),
        known=st.sampled_from([True, True, False]),
        every=st.integers(1, 4),
    )
    def the_hub_starts(self, reports, known, every):
        self.every = every
        if known:
            self.nodes_are_listed(dict(zip(("n1", "n2", "n3"), reports, strict=True)))
            self.pods_are_listed(())

    @rule(found=st.dictionaries(_nodes, _reports))
    def nodes_are_listed(self, found):
        self.nodes = {name: _node(name, **report) for name, report in found.items()}
        self.cluster.nodes.replace(list(self.nodes.values()))

    @rule(name=_nodes, report=_reports)
    def a_node_reports(self, name, report):
        if self.nodes is not None:
            self.nodes[name] = _node(name, **report)
            self.cluster.nodes.update("MODIFIED", self.nodes[name])

    @rule(name=_nodes)
    def a_node_goes(self, name):
        if self.nodes and self.nodes.pop(name, None):
            self.cluster.nodes.update("DELETED", {"metadata": {"name": name}})

    @rule(keep=st.sets(_pods))
    def pods_are_listed(self, keep):
        self.pods = {name: pod for name, pod in (self.pods or {}).items() if name in keep}
        self.cluster.pods.replace(list(self.pods.values()))

    @rule(name=_pods, load=_loads)
    def a_pod_is_placed(self, name, load):
        team, resource, node = load
        if self.pods is not None and "nodeName" not in self.pods.get(name, {}).get("spec", {}):
            labels = {"gpucommons.io/team": team, "gpucommons.io/gpu-mode": "mps"} if team else {}
            self.pods[name] = _pod(name, labels, {resource: "1"}, nodeName=node)
            self.cluster.pods.update("MODIFIED", self.pods[name])

    @rule(
        name=_pods,
        person=st.sampled_from(["ada", "bob"]),
        server=st.sampled_from(["", "a"]),
        node=_nodes,
        leaving=st.booleans(),
    )
    def files_are_open_on_a_node(self, name, person, server, node, leaving):
        found = (self.pods or {}).get(name)
        if self.pods is not None and (found is None or "affinity" in found["spec"]):
            labels = {"hub.jupyter.org/username": person, "component": "singleuser-server"}
            near = {"requiredDuringSchedulingIgnoredDuringExecution": [near_files(labels)]}
            pod = _pod(name, labels, nodeName=node, affinity={"podAffinity": near})
            notes = {"gpucommons.io/user": person, "gpucommons.io/server": server}
            pod["metadata"] |= {"namespace": "team-vision", "annotations": notes}
            pod["metadata"] |= {"deletionTimestamp": "2026-11-24T12:00:00Z"} if leaving else {}
            self.pods[name] = pod
            self.cluster.pods.update("MODIFIED", pod)

    @rule(name=_pods, size=st.sampled_from([*_SIZES]))
    def a_pod_waits(self, name, size):
        if self.pods is not None and name not in self.pods:
            gates = [{"name": "kueue.x-k8s.io/admission"}]
            labels = {"gpucommons.io/size": size}
            self.pods[name] = _pod(name, labels, schedulingGates=gates)
            self.cluster.pods.update("ADDED", self.pods[name])

    @rule(name=_pods, succeeded=st.booleans())
    def a_pod_ends(self, name, succeeded):
        if self.pods and (pod := self.pods.pop(name, None)):
            if succeeded:
                self.cluster.pods.update("MODIFIED", pod | {"status": {"phase": "Succeeded"}})
            else:
                self.cluster.pods.update("DELETED", pod)

    @rule(
        person=st.sampled_from(["ada", "bob", "dan"]),
        server=st.sampled_from(["", "a"]),
        team=st.sampled_from(["vision", "astro", ""]),
        size=st.sampled_from([*_UNITS]),
    )
    def a_session_is_held(self, person, server, team, size):
        self.ledger.restore(person, Holding(server, _UNITS[size], "SciPy", team, size))

    @rule(person=st.sampled_from(["ada", "bob", "dan"]), server=st.sampled_from(["", "a"]))
    def a_session_runs(self, person, server):
        self.ledger.confirm(person, server)

    @rule(person=st.sampled_from(["ada", "bob", "dan"]), server=st.sampled_from(["", "a"]))
    def a_session_is_given_back(self, person, server):
        self.ledger.release(person, server)

    @rule(
        who=st.sampled_from([("ada", ""), ("", "vision")]),
        sessions=st.integers(1, 9),
        hours=st.integers(1, 48),
    )
    def an_exception_is_granted(self, who, sessions, hours):
        until = self.now + timedelta(hours=hours)
        grant = Grant("grant-1", *who, until, "A deadline", "ops", self.now, sessions=sessions)
        changed = {"metadata": {"name": grant.name}, "data": grant.to_data()}
        self.grants.update("MODIFIED", changed)

    @rule(size=st.sampled_from([*_UNITS]))
    def a_start_succeeds(self, size):
        self.starts.note("scipy", size, 6)
        self.noted.append((self.now, size))

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule(person=st.sampled_from(_PEOPLE), server=st.sampled_from(["", "a"]))
    def somebody_looks(self, person, server):
        sources = (self.cluster, self.ledger, self.starts, self.grants)
        stamp = (*(each.version for each in sources), self.loaded)
        text = self.told.text(
            stamp,
            person,
            server,
            lambda: self.availability.for_person(person, self.ledger, server),
        )
        state = self._afresh().for_person(person, self.ledger, server)
        assert json.loads(text) == json.loads(json.dumps(state.as_json()))

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _afresh(self) -> Availability:
        cluster, starts, now = Cluster(), StartTimes(self._seconds), self.now
        for at, size in self.noted:
            self.now = at
            starts.note("scipy", size, 6)
        self.now = now
        if self.nodes is not None:
            cluster.nodes.replace(list(self.nodes.values()))
        if self.pods is not None:
            cluster.pods.replace(list(self.pods.values()))
        return self._availability(cluster, starts)

    @invariant()
    def everybody_is_told_what_is_so(self):
        """Look after each change, or after some of them together."""
        self.steps += 1
        if self.steps % self.every == 0:
            for person in _PEOPLE:
                self.somebody_looks(person, "")


TellingMachine.TestCase.settings = settings(stateful_step_count=40)
TestTellingMachine = TellingMachine.TestCase
