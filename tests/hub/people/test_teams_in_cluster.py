"""Teams on a real API server, made with no more than the rights in cluster/base."""

import subprocess

import pytest
import yaml
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program
from gpucommons_people.errors import PeopleError
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects

from tests.waiting import until

from .cluster import PEOPLE, claim

VISION = Team(name="vision", display_name="Computer Vision", gpus=4, sessions=20, storage="200Gi")


@pytest.fixture
def vision(do):
    do(lambda people: people.apply_teams([VISION]))
    return VISION


def test_a_team_is_made_and_read_back(do, vision):
    assert do(lambda people: people.find_team("vision")) == vision
    assert vision in do(lambda people: people.list_teams())


def test_a_team_that_is_as_given_is_not_changed(do, vision):
    (change,) = do(lambda people: people.apply_teams([vision]))
    assert change.steps == ()


def test_changes_of_a_team_are_told_before_and_after(do, vision):
    larger = vision.model_copy(update={"gpus": 8, "sessions": None, "display_name": "Vision"})
    (planned,) = do(lambda people: people.apply_teams([larger], dry_run=True))
    assert do(lambda people: people.find_team("vision")) == vision
    (done,) = do(lambda people: people.apply_teams([larger]))
    assert planned.steps == done.steps
    assert set(done.steps) == {
        "Change display_name of team vision: Computer Vision → Vision.",
        "Change gpus of team vision: 4 → 8.",
        "Change sessions of team vision: 20 → none.",
    }
    assert do(lambda people: people.find_team("vision")) == larger


def test_what_somebody_loosened_by_hand_is_put_right(api, do, vision):
    policy = "/apis/networking.k8s.io/v1/namespaces/team-vision/networkpolicies/default-deny"
    api.patch(policy, {"spec": {"policyTypes": ["Ingress"]}})
    (change,) = do(lambda people: people.apply_teams([vision]))
    assert change.steps == ("Bring NetworkPolicy default-deny up to date.",)
    assert api.get(policy)["spec"]["policyTypes"] == ["Ingress", "Egress"]


_ADDITIONS = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: to-nfs}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.20.0.5/32}}], ports: [{port: 2049}]}]
"""


def test_a_team_has_the_installations_additions_while_the_file_has_them(api, do, additions):
    additions.write_text(_ADDITIONS)
    team, policies = Team(name="added"), "/apis/networking.k8s.io/v1/namespaces/team-added"
    do(lambda people: people.apply_teams([team]))
    policy = f"{policies}/networkpolicies/to-nfs"
    assert api.get(policy)["spec"]["egress"][0]["ports"] == [{"port": 2049, "protocol": "TCP"}]
    (change,) = do(lambda people: people.apply_teams([team]))
    assert change.steps == ()

    additions.write_text(_ADDITIONS.replace("2049", "2050"))
    for dry_run in (True, False):
        (change,) = do(lambda people, dry=dry_run: people.apply_teams([team], dry_run=dry))
        assert change.steps == ("Bring NetworkPolicy to-nfs up to date.",)
    assert api.get(policy)["spec"]["egress"][0]["ports"] == [{"port": 2050, "protocol": "TCP"}]

    additions.write_text("")
    for dry_run in (True, False):
        (change,) = do(lambda people, dry=dry_run: people.apply_teams([team], dry_run=dry))
        assert change.steps == ("Delete NetworkPolicy to-nfs: team_additions no longer has it.",)
    left = api.get(f"{policies}/networkpolicies")["items"]
    assert {each["metadata"]["name"] for each in left} == {
        each["metadata"]["name"] for each in team_objects(team) if each["kind"] == "NetworkPolicy"
    }


def test_what_the_api_server_does_not_take_of_an_addition_is_told(do, additions):
    additions.write_text(_ADDITIONS.replace("cidr: 10.20.0.5/32", "cidr: 10.20.0.5"))
    with pytest.raises(PeopleError, match=r'"to-nfs" is invalid.*cidr'):
        do(lambda people: people.apply_teams([Team(name="added")]))


def test_a_cluster_without_kueue_has_teams_without_queues(do):
    (change,) = do(lambda people: people.apply_teams([Team(name="plain")]))
    assert "kueue.x-k8s.io/v1beta2, Kueue: the team has no queue" in change.left[0]


def test_a_cluster_with_kueue_gives_every_team_a_queue(api, do):
    api.kubectl("apply", "-f", "-", given=yaml.safe_dump(_QUEUES))
    try:
        api.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        until(lambda: _serves(api, "/apis/kueue.x-k8s.io/v1beta2/localqueues"))
        (change,) = do(lambda people: people.apply_teams([Team(name="queued")]))
        assert change.left == ()
        queue = api.get("/apis/kueue.x-k8s.io/v1beta2/namespaces/team-queued/localqueues/sessions")
        assert queue["spec"]["clusterQueue"] == "gpucommons"
    finally:
        api.kubectl("delete", "-f", "-", given=yaml.safe_dump(_QUEUES))


def _serves(api, path) -> bool:
    """Whether the API server has taken up a kind, which it says to be established sooner."""
    try:
        api.get(path)
    except LookupError:
        return False
    return True


_QUEUES = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "localqueues.kueue.x-k8s.io"},
    "spec": {
        "group": "kueue.x-k8s.io",
        "scope": "Namespaced",
        "names": {"plural": "localqueues", "kind": "LocalQueue"},
        "versions": [
            {
                "name": "v1beta2",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}


def test_a_dry_run_makes_no_team(do):
    do(lambda people: people.apply_teams([Team(name="planned")], dry_run=True))
    with pytest.raises(PeopleError, match="There is no team planned"):
        do(lambda people: people.find_team("planned"))


def test_a_namespace_of_something_else_is_left_alone(api, do):
    api.post("/api/v1/namespaces", {"metadata": {"name": "team-foreign"}})
    with pytest.raises(PeopleError, match="belongs to something else"):
        do(lambda people: people.apply_teams([Team(name="foreign")]))


def _namespace(name, **labels):
    metadata = {"name": name, "labels": labels}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.mark.parametrize(
    ("namespace", "says"),
    [
        (_namespace("mine", **_RESTRICTED), "begin with team-"),
        (_namespace("team-bare", **_RESTRICTED), "has the label gpucommons.io/team"),
        (
            _namespace("team-other", **{"gpucommons.io/team": "vision"}, **_RESTRICTED),
            "has the label gpucommons.io/team",
        ),
        (_namespace("team-loose", **{"gpucommons.io/team": "loose"}), "restricted"),
        (_namespace("default", **{"gpucommons.io/team": "default"}), "begin with team-"),
    ],
)
def test_the_policy_lets_the_commands_make_namespaces_of_teams_alone(api, namespace, says):
    with pytest.raises(AssertionError, match=says):
        api.kubectl("apply", "--server-side", "-f", "-", user=PEOPLE, given=namespace)


def test_the_policy_keeps_foreign_namespaces_from_being_taken_or_deleted(api):
    api.post("/api/v1/namespaces", {"metadata": {"name": "team-theirs"}})
    taken = _namespace("team-theirs", **{"gpucommons.io/team": "theirs"}, **_RESTRICTED)
    with pytest.raises(AssertionError, match="not labelled as that of a team"):
        api.kubectl("apply", "--server-side", "-f", "-", user=PEOPLE, given=taken)
    with pytest.raises(AssertionError, match="not labelled as that of a team"):
        api.kubectl("delete", "namespace", "team-theirs", user=PEOPLE)
    with pytest.raises(AssertionError, match="begin with team-"):
        api.kubectl("delete", "namespace", "gpucommons", user=PEOPLE)


def _binding(namespace, role):
    return yaml.safe_dump(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "taken", "namespace": namespace},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
            "subjects": [{"kind": "ServiceAccount", "name": "people", "namespace": "gpucommons"}],
        }
    )


@pytest.mark.parametrize(
    ("namespace", "role", "says"),
    [
        ("kube-system", "gpucommons-team-administration", "begin with team-"),
        ("team-vision", "cluster-admin", "not currently held|attempting to grant"),
        ("team-vision", "system:node", "not currently held|attempting to grant"),
    ],
)
def test_the_commands_cannot_give_themselves_more(api, vision, namespace, role, says):
    given = _binding(namespace, role)
    with pytest.raises(AssertionError, match=says):
        api.kubectl("apply", "--server-side", "-f", "-", user=PEOPLE, given=given)


def test_a_team_with_a_workspace_is_not_removed_unasked(api, do, dex):
    do(lambda people: people.apply_teams([Team(name="old")]))
    claims = "/api/v1/namespaces/team-old/persistentvolumeclaims"
    api.post(claims, claim("ada@example.org"))
    with pytest.raises(PeopleError, match=r"ada@example.org has a workspace of 5Gi"):
        do(lambda people: people.remove_team("old"))
    do(lambda people: people.remove_team("old", delete_workspaces=True))
    assert "deletionTimestamp" in api.get("/api/v1/namespaces/team-old")["metadata"]
    again = do(lambda people: people.remove_team("old", delete_workspaces=True))
    assert not again.changed
    with pytest.raises(PeopleError, match="still being deleted"):
        do(lambda people: people.apply_teams([Team(name="old")]))


def test_the_base_is_valid_for_the_api_server(api, tmp_path):
    command = [str(program("kubectl")), "kustomize", str(checkout() / "cluster" / "base")]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    api.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", given=made)
    assert "conditions" not in api.get(
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/"
        "gpucommons-team-namespaces-only"
    ).get("status", {})


def test_every_object_of_a_team_is_accepted_in_full(api, vision):
    for manifest in team_objects(vision):
        if manifest["kind"] != "LocalQueue":
            given = yaml.safe_dump(manifest)
            arguments = ("apply", "--server-side", "--dry-run=server", "--validate=strict")
            api.kubectl(*arguments, "--force-conflicts", "-f", "-", given=given)
