"""What people with edit rights are refused, and by which policy."""

import copy
import dataclasses

import pytest

from .every import REFUSED
from .objects import TEAM
from .request import Attack


@pytest.mark.parametrize("attack", REFUSED, ids=lambda each: each.name)
def test_somebody_with_edit_rights_is_refused(api, attack):
    said = api.refusal(attack)
    assert f"ValidatingAdmissionPolicy '{attack.policy}'" in said
    assert attack.message in said


def test_it_is_the_policies_that_refuse(api):
    """The same is done where no team is: rights alone, and the API server, let nearly all pass."""
    passed = [each.name for each in REFUSED if not _refused_elsewhere(api, each)]
    assert len(passed) > len(REFUSED) * 3 // 4, passed


def _refused_elsewhere(api, attack: Attack) -> str:
    body = copy.deepcopy(attack.body)
    body.get("metadata", {}).pop("namespace", None)
    elsewhere = dataclasses.replace(attack, path=attack.path.replace(TEAM, "elsewhere"), body=body)
    return api.refusal(elsewhere, dryRun="All")
