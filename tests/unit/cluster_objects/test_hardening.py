"""Every pod of an installation is as locked up as its work allows, and the page says where not.

What docs/reference/pods.md says in its two tables is compared with the pods themselves.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from gpucommons_backup.controller.pod import pod_manifest
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.controller.watching.pods import RESTORE
from gpucommons_contract import RestoreRequest
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects
from reference_pages.project import ROOT

from tests.unit.helm_values.charts import of_chart, releases

from .chart_pods import Z2JH, Object, chart_pods
from .kustomize import ENVIRONMENTS, OPTIONAL, of_kind, overlay, part, pod_template
from .pod_security import lacks_for_restricted

_PAGE = ROOT / "docs" / "reference" / "pods.md"
_GOLDEN = ROOT / "tests" / "unit" / "spawner" / "golden"
_WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "CronJob", "Job")
_STANDARD = "pod-security.kubernetes.io/enforce"
_TEAM = "of the team"

Pod = tuple[str, Object]
"""Namespace and specification."""


def _own_pods(environment: str) -> Iterator[tuple[str, Pod]]:
    for made in (overlay(environment), *map(part, OPTIONAL)):
        for kind in _WORKLOADS:
            for each in of_kind(made, kind):
                metadata = each["metadata"]
                yield metadata["name"], (metadata["namespace"], pod_template(each)["spec"])


def _sessions() -> Iterator[tuple[str, Pod]]:
    for file in sorted(_GOLDEN.glob("*.json")):
        yield "session", (_TEAM, json.loads(file.read_text())["spec"])


def _snapshots() -> Iterator[tuple[str, Pod]]:
    settings = Settings(store="rest:http://store/", image="gpucommons/backup:1")
    moment = datetime(2026, 11, 30, tzinfo=UTC)
    asked = RestoreRequest("1").to_json()
    for occasion in ("ended", RESTORE):
        of = Workspace(("team-a", "workspace-ada"), "1", "a", "ada", moment, asked=asked)
        yield "snapshot", (_TEAM, pod_manifest(Due(of, occasion, moment), settings)["spec"])


def _pods(environment: str) -> list[tuple[str, Pod]]:
    charts = chart_pods(environment).items()
    return [*_own_pods(environment), *charts, *_sessions(), *_snapshots()]


def _standards() -> Mapping[str, str]:
    """What each namespace enforces, a team's among them."""
    made = [*overlay("prod"), *(each for name in OPTIONAL for each in part(name))]
    found = {
        each["metadata"]["name"]: each["metadata"]["labels"][_STANDARD]
        for each in of_kind(made, "Namespace")
    }
    (team,) = of_kind(team_objects(Team(name="a")), "Namespace")
    return {**found, _TEAM: team["metadata"]["labels"][_STANDARD]}


def _containers(pod: Object) -> list[Object]:
    return [*(pod.get("initContainers") or ()), *pod["containers"]]


def _lacks(pod: Object) -> set[str]:
    """Name what a pod could do without and does not."""
    found = {each.rpartition(": ")[2] for each in lacks_for_restricted(pod)}
    for each in _containers(pod):
        if not (each.get("securityContext") or {}).get("readOnlyRootFilesystem"):
            found.add("its root can be written to")
        resources = each["resources"]
        if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
            found.add("it does not say what it needs")
        if "memory" not in resources.get("limits", {}):
            found.add("it may take all memory of its node")
    return found


def _account(pod: Object) -> str:
    """Return the account whose token is in the pod; none where there is none."""
    has_token = pod.get("automountServiceAccountToken", True)
    return pod.get("serviceAccountName", "default") if has_token else "none"


def _writes_to(pod: Object) -> set[str]:
    kinds = ({"emptyDir"}, {"ephemeral"}, {"persistentVolumeClaim"})
    volumes = {
        each["name"]: each
        for each in pod.get("volumes") or ()
        if any(kind & each.keys() for kind in kinds)
    }
    return {
        mount["mountPath"].rstrip("/")
        for each in _containers(pod)
        for mount in each.get("volumeMounts") or ()
        if mount["name"] in volumes and not mount.get("readOnly")
        and not (volumes[mount["name"]].get("persistentVolumeClaim") or {}).get("readOnly")
    }  # fmt: skip


def _rows(heading: str) -> list[list[str]]:
    """The rows of a page's table, by the heading of its section."""
    (text,) = re.findall(
        rf"^## {heading}\n(.*?)(?=^## |\Z)", _PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    rows = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows[1:]]


def _words(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


@pytest.fixture(params=ENVIRONMENTS)
def environment(request):
    return request.param


def test_the_page_names_what_each_pod_lacks_and_why(environment):
    found = {(name, lack) for name, (_, pod) in _pods(environment) for lack in _lacks(pod)}
    said = {(name.strip("`"), lack): why for name, lack, why in _rows("What is less")}
    assert found == said.keys()
    assert all(len(why) > 40 for why in said.values())


def test_the_page_names_each_pod_with_its_account_and_the_folders_that_it_writes_to(environment):
    standards = _standards()
    found: dict[str, list[object]] = {}
    for name, (namespace, pod) in _pods(environment):
        account, folders = _account(pod), _writes_to(pod)
        *_, before = found.setdefault(name, [namespace, standards[namespace], account, set()])
        assert found[name] == [namespace, standards[namespace], account, before], name
        before |= folders
    said = {
        name.strip("`"): [namespace.strip("`"), standard, account.strip("`"), _words(folders)]
        for name, namespace, standard, account, folders in _rows("All pods")
    }
    assert found == said


def test_an_account_gives_its_token_to_pods_alone_that_ask_for_it():
    made = [*overlay("prod"), *(each for name in OPTIONAL for each in part(name))]
    lent = {
        each["metadata"]["name"]
        for each in of_kind(made, "ServiceAccount")
        if each.get("automountServiceAccountToken", True)
    }
    # z2jh's pod of the hub does not ask; jobs of a site's own run under the account people.
    assert lent == {"hub", "people"}


def test_our_pods_say_whether_they_have_a_token(environment):
    for name, (_, pod) in (*_own_pods(environment), *_sessions(), *_snapshots()):
        assert "automountServiceAccountToken" in pod, name


def test_a_pod_that_is_not_locked_up_is_found():
    bare = {"containers": [{"name": "a", "resources": {}}]}
    assert len(_lacks(bare)) == 7
    assert _account(bare) == "default"


def test_what_the_chart_sets_by_itself_is_what_we_take_it_for():
    given = of_chart(releases()["jupyterhub"], "values.yaml")
    for part_, keys in (
        ("hub", ()),
        ("proxy", ("chp",)),
        ("prePuller", ()),
        ("prePuller", ("pause",)),
    ):
        ours, theirs = Z2JH[part_], given[part_]
        for key in keys:
            ours, theirs = ours[key], theirs[key]
        for name in ("podSecurityContext", "containerSecurityContext"):
            if name in ours:
                assert theirs[name].items() >= ours[name].items()
