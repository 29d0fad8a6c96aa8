"""Whatever fails and in whatever order: no session is lost, none runs unseen, no quota leaks.

Hypothesis makes up courses of events; those below were mistakes once.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .courses import STEPS, Course
from .played_cluster import FAULTS
from .virtual_time import run

_EXAMPLES = max(6, settings.default.max_examples // 3)
"""A third of what is usual: each is hours of a hub."""
_ALL_START = [("start", name) for name in ("ada", "bob", "eve")] + [("wait", 5)]


def _play(played, steps):
    run(Course(*played()).run(steps))


@settings(
    max_examples=_EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_no_course_of_events_loses_a_session_or_leaves_one(played, steps):
    _play(played, steps)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_hub_that_starts_while_the_api_server_fails_keeps_all_sessions(played, fault):
    _play(played, [*_ALL_START, ("fault", fault), ("restart", 0), ("wait", 1), ("heal",)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_hub_that_starts_in_a_long_outage_keeps_all_sessions(played, fault):
    _play(played, [*_ALL_START, ("fault", fault), ("restart", 0), ("wait", 400)])


@pytest.mark.parametrize("fault", ["old list", "still cache"])
def test_a_hub_that_is_shown_a_start_that_is_long_over_keeps_the_session(played, fault):
    begun = [("start", name) for name in ("ada", "bob", "eve")] + [("wait", 0.5), ("old is now",)]
    steps = [*begun, ("wait", 5), ("fault", fault), ("restart", 0)]
    _play(played, [*steps, *[("wait", 400)] * 5])


@pytest.mark.parametrize("before", ["up", "ending"])
def test_what_something_says_of_the_session_before_ends_no_session(played, before):
    first = [("start", "ada"), ("wait", 30)]
    kept = [("stop", "ada"), ("wait", 1), ("old is now",)]
    kept = kept if before == "ending" else [("old is now",)]
    second = [("stop", "ada"), ("wait", 120), ("start", "ada"), ("wait", 30)]
    _play(played, [*first, *kept, *second, ("fault", "old answers"), *[("wait", 400)] * 5])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_that_came_to_nothing_in_an_outage_is_shown_as_no_session(played, fault):
    begun = [("pods come up", False), ("start", "ada"), ("wait", 5), ("restart", 0), ("wait", 250)]
    _play(played, [*begun, ("fault", fault), ("wait", 400), ("restart", 0), ("wait", 400)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_stop_during_an_outage_is_carried_out_after_it(played, fault):
    _play(played, [*_ALL_START, ("fault", fault), ("stop", "ada"), ("wait", 400)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_stop_during_an_outage_outlives_the_hub(played, fault):
    steps = [*_ALL_START, ("fault", fault), ("stop", "ada"), ("wait", 1), ("restart", 5)]
    _play(played, [*steps, ("wait", 30)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_during_an_outage_leaves_no_pod_unseen(played, fault):
    _play(played, [("wait", 5), ("fault", fault), ("start", "ada"), ("wait", 30)])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_hub_that_ends_during_a_start_in_an_outage_leaves_no_pod_unseen(played, fault):
    steps = [("wait", 5), ("fault", fault), ("start", "ada"), ("wait", 1), ("restart", 0)]
    _play(played, [*steps, ("wait", 30)])


def test_a_start_while_the_list_of_teams_cannot_be_read_is_turned_down_at_once(played):
    steps = [("fault", "refused connection"), ("restart", 0), ("start", "ada"), ("wait", 30)]
    _play(played, [*steps, ("restart", 0), ("start", "ada"), ("wait", 30)])


def test_a_database_that_fails_during_a_stop_leaves_nothing_held(played):
    _play(played, [*_ALL_START, ("database fails",), ("stop", "ada"), ("wait", 5), ("database",)])


def test_sessions_that_an_older_database_does_not_know_go_on(played):
    _play(played, [("back up",), *_ALL_START, ("restore",)])


def test_a_new_hub_that_does_not_reach_its_sessions_yet_keeps_them(played):
    _play(played, [*_ALL_START, ("reach", False), ("restart", 0), ("wait", 90)])
