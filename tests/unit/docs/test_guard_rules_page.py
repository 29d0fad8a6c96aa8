"""The page of the rules for teams' namespaces."""

from copy import deepcopy

import pytest
from reference_pages.guard_rules import page, policies, section
from reference_pages.project import ROOT, MissingTextError


def test_every_policy_of_ours_for_teams_is_on_the_page():
    written = "".join(each.read_text() for each in (ROOT / "cluster" / "policies").glob("*.yaml"))
    names = [each["metadata"]["name"] for each in policies()]
    assert len(names) == len(set(names)) == written.count("kind: ValidatingAdmissionPolicy\n") + 1
    assert all(f"## {name}\n" in page() for name in names)


def test_every_rule_says_what_is_allowed_even_where_it_names_what_it_found():
    for policy in policies():
        for rule in policy["spec"]["validations"]:
            assert rule["message"].endswith(".")
            assert rule["message"] in section(policy).replace("\\", "")


def test_each_judges_namespaces_of_teams_alone_and_refuses_what_it_cannot_judge():
    for policy in policies():
        spec = policy["spec"]
        (where,) = spec["matchConstraints"]["namespaceSelector"]["matchExpressions"]
        assert where == {"key": "gpucommons.io/team", "operator": "Exists"}
        assert spec["failurePolicy"] == "Fail"


def test_each_says_whether_gatekeeper_has_it():
    said = {each["metadata"]["name"]: section(each) for each in policies()}
    isolated = "Gatekeeper has it in webhook and audit, as `GPUCommonsPodsIsolated`."
    assert isolated in said["gpucommons-pods-isolated"]
    assert "has it in its webhook, as" in said["gpucommons-team-claims"]
    assert "Gatekeeper does not have it." in said["gpucommons-pods-closed"]


def test_a_policy_without_a_description_is_a_mistake():
    bare = deepcopy(next(policies()))
    bare["metadata"]["annotations"].clear()
    with pytest.raises(MissingTextError, match=bare["metadata"]["name"]):
        section(bare)
