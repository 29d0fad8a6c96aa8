"""NetworkPolicies of an installation's own: read, checked, given to every team, taken back."""

from dataclasses import replace

import pytest
import yaml
from gpucommons_people.clients.kinds import POLICIES
from gpucommons_people.errors import InputError
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_additions import read_additions
from gpucommons_people.teams.team_objects import team_objects
from gpucommons_people.teams.teams import apply_team, apply_teams

VISION = Team(name="vision")


def _policy(name="to-nfs", **changes):
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.20.0.5/32"}}]}],
        },
        **changes,
    }


@pytest.fixture
def write(tmp_path):
    file = tmp_path / "additions.yaml"

    def write(*objects):
        file.write_text(yaml.safe_dump_all(objects))
        return file

    return write


def test_additions_are_objects_of_every_team(write):
    additions = read_additions(write(_policy(), _policy("to-proxy")))
    for name in ("vision", "robots"):
        objects = team_objects(Team(name=name), additions)
        policies = {each["metadata"]["name"]: each for each in objects}
        for added in ("to-nfs", "to-proxy"):
            assert policies[added]["spec"] == _policy()["spec"]
            assert policies[added]["metadata"]["namespace"] == f"team-{name}"
    assert "namespace" not in additions[0]["metadata"]


def test_without_a_file_or_with_an_empty_one_nothing_is_added(write):
    assert read_additions(None) == ()
    assert read_additions(write(None)) == ()


def test_labels_and_annotations_of_the_site_are_kept(write):
    metadata = {"name": "a", "labels": {"site": "x"}, "annotations": {"why": "NFS"}}
    (addition,) = read_additions(write(_policy(metadata=metadata)))
    assert addition["metadata"]["labels"]["site"] == "x"
    assert addition["metadata"]["annotations"] == {"why": "NFS"}


_SPEC = _policy()["spec"]


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("text", "object 1: is 'text'; write a NetworkPolicy"),
        ({**_policy(), "kind": "Secret"}, "object 1: kind is 'Secret': Input should be 'Netw"),
        (_policy(apiVersion="v1"), "apiVersion is 'v1': Input should be 'networking"),
        (_policy(status={}), "status is not a key"),
        (_policy("Upper"), "metadata.name is 'Upper'"),
        (_policy("a" * 254), "metadata.name is "),
        (_policy(metadata={}), "metadata.name is missing"),
        (_policy(metadata={"name": "a", "namespace": "b"}), "metadata.namespace must be left"),
        (_policy("default-deny"), "there is another policy default-deny"),
        (_policy(spec={"egress": []}), "spec.podSelector is missing"),
        (_policy(spec={**_SPEC, "egres": []}), "spec.egres is not a key"),
        (_policy(spec={**_SPEC, "policyTypes": ["Out"]}), "spec.policyTypes.0 is 'Out'"),
        (_policy(spec={**_SPEC, "egress": "all"}), "spec.egress is 'all'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_key(write, policy, says):
    file = write(policy)
    with pytest.raises(InputError, match=r"additions.yaml has mistakes; nothing was") as found:
        read_additions(file)
    assert says in str(found.value)


def test_all_mistakes_are_told_at_once(write):
    file = write(_policy(), _policy(status={}), _policy())
    with pytest.raises(InputError) as found:
        read_additions(file)
    assert [each.split(": ")[1] for each in found.value.problems] == ["object 2", "object 3"]
    assert all(each.startswith(f"{file}:") for each in found.value.problems)


@pytest.mark.parametrize("content", [None, "a: [", "\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    if content:
        (tmp_path / "additions.yaml").write_text(content)
    with pytest.raises(InputError, match=r"additions\.yaml"):
        read_additions(tmp_path / "additions.yaml")


@pytest.fixture
def it(world, write):
    configuration = world.configuration.model_copy(update={"team_additions": write(_policy())})
    return replace(world.it, configuration=configuration)


async def test_a_team_gets_them_and_loses_them_with_the_file(world, it, write):
    await apply_team(it, VISION)
    assert "to-nfs" in world.left(POLICIES)
    assert (await apply_team(it, VISION)).steps == ()

    write(_policy("to-proxy"))
    change = await apply_team(it, VISION)
    assert change.steps == (
        "Bring NetworkPolicy to-proxy up to date.",
        "Delete NetworkPolicy to-nfs: team_additions no longer has it.",
    )
    assert {"to-proxy", "default-deny"} <= set(world.left(POLICIES))
    assert "to-nfs" not in world.left(POLICIES)

    assert (await apply_team(world.it, VISION)).steps == (
        "Delete NetworkPolicy to-proxy: team_additions no longer has it.",
    )
    assert "default-deny" in world.left(POLICIES)


async def test_a_policy_that_somebody_else_made_in_the_namespace_stays(world, it):
    foreign = {"metadata": {"name": "by-hand", "namespace": "team-vision"}}
    world.cluster.objects[POLICIES, "team-vision", "by-hand"] = foreign
    await apply_team(it, VISION)
    assert "by-hand" in world.left(POLICIES)


async def test_a_file_with_a_mistake_changes_no_team(world, it, write):
    write(_policy(status={}))
    with pytest.raises(InputError):
        await apply_teams(it, [VISION, Team(name="new")])
    assert world.plug.changes == 0
    assert not world.log.exists()


async def test_what_is_added_is_in_the_audit_log(world, it):
    await apply_team(it, VISION)
    assert '"additions": ["to-nfs"]' in world.log.read_text()
