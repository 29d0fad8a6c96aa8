"""gator finds of each case what the API server finds: the rules of both are the same.

Without a namespace, which gator cannot give to expressions, so the team is written into them.
"""

import pytest

from .every import LET_IN, REFUSED
from .gatekeeper import rules
from .gator import Suite
from .objects import TEAM, Body, pod, session, sessions, size, volume, with_gpu
from .quota import as_batch
from .request import AS_MADE, ISOLATED, OF_CATALOGUE, SESSION, isolated, there
from .review import is_of_an_object, reviewed


def _there(made: Body) -> Body:
    """An object as an audit finds it: alone, without who made it."""
    return {**made, "metadata": {**made["metadata"], "namespace": TEAM}}


@pytest.fixture
def suite(tmp_path) -> Suite:
    return Suite(tmp_path, rules(tmp_path))


def test_what_the_policies_refuse_is_refused(suite, tmp_path):
    known = rules(tmp_path)
    cases = [each for each in REFUSED if each.policy in known and is_of_an_object(each)]
    assert len(cases) > len(REFUSED) * 4 // 5
    assert {each.policy for each in cases} == known.keys()
    for each in cases:
        suite.add(each.name, each.policy, reviewed(each), each.message)
    assert not suite.failed()


def test_what_the_policies_let_in_is_let_in(suite, tmp_path):
    known = rules(tmp_path)
    cases = [each for each in LET_IN if is_of_an_object(each)]
    assert len(cases) > len(LET_IN) * 4 // 5
    for each in cases:
        review = reviewed(each)
        for policy, (_, constraint) in known.items():
            (looked_at,) = constraint["spec"]["match"]["kinds"]
            if review["request"]["kind"]["kind"] in looked_at["kinds"]:
                suite.add(each.name, policy, review)
    assert not suite.failed()


def test_an_audit_finds_what_was_there_before(suite):
    folder = pod("from-before", **volume(hostPath={"path": "/"}))
    suite.add("a folder of the node", ISOLATED, _there(folder), "not hostPath or others: more.")
    image = pod(container={"image": "docker.io/miner:1"})
    suite.add("an image", OF_CATALOGUE, _there(image), "Not in the catalogue, for team vision")
    more = pod(labels=size("gpu", "exclusive", "1"), container=with_gpu(gpu="8"))
    suite.add("more GPUs", OF_CATALOGUE, _there(more), "This pod has device=nvidia.com/gpu=8")
    assert not suite.failed()


def test_an_audit_passes_over_sessions_and_what_programs_may_have(suite):
    for name in sessions():
        running = session(name)
        for policy in (ISOLATED, OF_CATALOGUE):
            suite.add(f"the session {name}", policy, _there(running))
    batch = as_batch(session("gpu"), "batch")
    for policy in (ISOLATED, OF_CATALOGUE):
        suite.add("a pod of a program", policy, _there(batch))
    assert not suite.failed()


def test_a_change_is_no_matter_of_an_audit(suite):
    suite.add("a session", AS_MADE, _there(there()[SESSION]))
    assert not suite.failed()


def test_a_case_that_is_otherwise_is_found(suite):
    attack = isolated("hostNetwork", "Leave out hostNetwork", hostNetwork=True)
    suite.add("let in", ISOLATED, reviewed(attack))
    suite.add("for another reason", ISOLATED, reviewed(attack), "Leave out hostPort.")
    suite.add("refused", ISOLATED, reviewed(attack), attack.message)
    found = [f"{each} ({ISOLATED})" for each in ("let in", "for another reason")]
    assert list(suite.failed()) == found
