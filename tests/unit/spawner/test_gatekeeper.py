"""The policies for teams' namespaces as Gatekeeper's templates and constraints.

That Gatekeeper refuses by them what the API server refuses by the policies is tested in
tests/hub/guarded_teams.
"""

import re
from copy import deepcopy

import pytest
import update_gatekeeper
import yaml
from gpucommons_spawner.catalogue.constraints import constraints
from gpucommons_spawner.catalogue.gatekeeper import (
    NotForGatekeeperError,
    gatekeeper,
    is_for_gatekeeper,
)
from reference_pages.guard_rules import policies
from reference_pages.project import ROOT

from tests.unit.kubectl import kustomized

from .conftest import TODAY

_ASKED = [each for each in policies() if is_for_gatekeeper(each)]
_RIGHT = re.compile(r"authorizer(\s*\.\w+\([^()]*\))+")


def _policy(name: str) -> dict:
    (found,) = (each for each in policies() if each["metadata"]["name"] == name)
    return deepcopy(found)


def _source(template: dict) -> dict:
    (target,) = template["spec"]["targets"]
    (code,) = target["code"]
    return code["source"]


def test_what_is_in_cluster_is_what_the_code_makes():
    folder = ROOT / "cluster" / "policies-gatekeeper"
    for file, text in update_gatekeeper.files().items():
        assert file.read_text() == text, "make policies"
    made = {each.name for each in update_gatekeeper.files()}
    assert {each.name for each in folder.iterdir()} == {*made, "kustomization.yaml"}


def test_gatekeeper_has_all_policies_but_those_that_its_webhook_is_not_asked_of():
    left = {each["metadata"]["name"] for each in policies()} - {
        each["metadata"]["name"] for each in _ASKED
    }
    # CONNECT; DELETE; the token of a service account
    assert left == {"gpucommons-pods-closed", "gpucommons-team-network", "gpucommons-team-tokens"}
    for name in left:
        with pytest.raises(NotForGatekeeperError, match=name):
            gatekeeper(_policy(name))


@pytest.mark.parametrize("policy", _ASKED, ids=lambda each: each["metadata"]["name"])
def test_rules_are_those_of_the_policy_word_for_word_but_for_rights(policy):
    template, _ = gatekeeper(policy)
    spec, source = policy["spec"], _source(template)
    for part, theirs in (
        ("variables", source["variables"]),
        ("validations", source["validations"]),
    ):
        ours = spec.get(part, [])
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            if "authorizer" not in one["expression"]:
                assert one == other
            else:
                assert {**one, "expression": ""} == {**other, "expression": ""}
                before, after = _RIGHT.split(one["expression"])[::2]
                assert other["expression"].startswith(before)
                assert other["expression"].endswith(after)
    kept = source["matchCondition"][-len(spec["matchConditions"]) :]
    assert [each["name"] for each in kept] == [each["name"] for each in spec["matchConditions"]]
    assert "authorizer" not in str(template)
    assert source["failurePolicy"] == "Fail"


@pytest.mark.parametrize("policy", _ASKED, ids=lambda each: each["metadata"]["name"])
def test_a_constraint_is_of_its_template_and_looks_where_the_policy_does(policy):
    template, constraint = gatekeeper(policy)
    names = template["spec"]["crd"]["spec"]["names"]
    assert constraint["kind"] == names["kind"]
    assert template["metadata"]["name"] == names["kind"].lower()
    match = constraint["spec"]["match"]
    assert match["namespaceSelector"] == policy["spec"]["matchConstraints"]["namespaceSelector"]
    schema = template["spec"]["crd"]["spec"]["validation"]["openAPIV3Schema"]
    parameters = constraint["spec"]["parameters"]
    assert schema["properties"].keys() == parameters.keys()
    used = set(re.findall(r"variables\.params\.(\w+)", str(_source(template))))
    assert used == parameters.keys()


def test_each_operation_that_a_policy_looks_at_is_a_condition():
    conditions = {
        each["metadata"]["name"]: _source(gatekeeper(each)[0])["matchCondition"][0]["expression"]
        for each in _ASKED
    }
    assert "in ['CREATE', '']" in conditions["gpucommons-pods-isolated"]
    assert "in ['UPDATE']" in conditions["gpucommons-pods-as-made"]
    assert "in ['CREATE', 'UPDATE']" in conditions["gpucommons-team-claims"]


def test_what_judges_a_change_is_no_matter_of_an_audit_and_nothing_becomes_a_policy_again():
    audited = set()
    for policy in _ASKED:
        _, constraint = gatekeeper(policy)
        assert constraint["spec"]["enforcementAction"] == "scoped"
        (what,) = constraint["spec"]["scopedEnforcementActions"]
        points = {each["name"].partition(".")[0] for each in what["enforcementPoints"]}
        assert points - {"audit"} == {"validation", "gator"}
        if "audit" in points:
            audited.add(policy["metadata"]["name"])
    pods = {"gpucommons-pods-isolated", "gpucommons-pods-of-catalogue"}
    assert audited == pods | {"gpucommons-team-services"}


def test_a_right_that_no_parameter_stands_for_is_a_mistake():
    policy = _policy("gpucommons-team-services")
    asks = "authorizer.group('').resource('nodes').check('get').allowed()"
    policy["spec"]["validations"].append({"expression": asks, "message": "Nodes."})
    with pytest.raises(NotForGatekeeperError, match="nodes"):
        gatekeeper(policy)


def test_what_the_catalogue_has_is_in_the_template(full):
    policy, _ = constraints(full, TODAY)
    template, constraint = gatekeeper(policy, "dryrun")
    variables = {each["name"]: each["expression"] for each in _source(template)["variables"]}
    ours = {each["name"]: each["expression"] for each in policy["spec"]["variables"]}
    assert variables["allowed"] == ours["allowed"]
    (what,) = constraint["spec"]["scopedEnforcementActions"]
    assert what["action"] == "dryrun"


def test_the_guide_sets_what_constraints_do_for_one_site(tmp_path, full):
    page = (ROOT / "docs" / "how-to" / "guard-team-namespaces.md").read_text()
    (shown,) = re.findall(
        r"```yaml\n# installation/gatekeeper/kustomization.yaml\n(.*?)```", page, re.DOTALL
    )
    folder = tmp_path / "installation" / "gatekeeper"
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text(shown)
    (tmp_path / "cluster").symlink_to(ROOT / "cluster")
    printed = gatekeeper(constraints(full, TODAY)[0])
    (folder / "constraints.yaml").write_text(yaml.safe_dump_all(printed))
    made = [
        each
        for each in yaml.safe_load_all(kustomized(folder))
        if each["apiVersion"].startswith("constraints.gatekeeper.sh/")
    ]
    assert len(made) == len(_ASKED)
    for each in made:
        spec = each["spec"]
        assert spec["scopedEnforcementActions"][0]["action"] == "dryrun"
        assert spec["match"]["excludedNamespaces"] == ["team-sandbox"]
        assert len(spec["parameters"]["letThrough"]["users"]) == 4
        named = "system:serviceaccount:batch:runner" in str(spec)
        assert named == (each["kind"] == "GPUCommonsPodsIsolated")


def test_the_guide_names_the_bindings_that_go():
    page = (ROOT / "docs" / "how-to" / "guard-team-namespaces.md").read_text()
    (named,) = re.findall(r"kubectl delete validatingadmissionpolicybindings ((?:.*\\\n)*.*)", page)
    assert set(named.replace("\\\n", " ").split()) == {each["metadata"]["name"] for each in _ASKED}
