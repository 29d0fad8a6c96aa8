"""Which snapshots are due, and which pods give way: a pure function of what is known."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Cluster, all_due, in_the_way, room, to_start
from gpucommons_backup.controller.watching.pods import RESTORE, TIDY, Session, SnapshotPod
from gpucommons_backup.wish import WishAnswer, WishState
from gpucommons_contract import RestoreRequest
from gpucommons_contract.workspaces.checks import CheckRequest

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ADA = ("team-vision", "workspace-ada")
BOB = ("team-vision", "workspace-bob")


def _ago(**since) -> datetime:
    return NOW - timedelta(**since)


def _workspace(key=ADA, **more) -> Workspace:
    given = {
        "key": key,
        "uid": f"uid of {key[1]}",
        "team": "vision",
        "owner": key[1].removeprefix("workspace-"),
        "created": _ago(days=100),
        "modes": frozenset({"ReadWriteOnce"}),
    }
    return Workspace(**given | more)


def _session(key=ADA, **more) -> Session:
    given = {"claims": frozenset({key}), "created": _ago(hours=3), "node": "one", "runs": True}
    return Session(**given | more)


def _pod(key=ADA, **more) -> SnapshotPod:
    given = {
        "claim": key,
        "name": f"snapshot-{key[1]}",
        "uid": "1",
        "occasion": "ended",
        "created": _ago(minutes=1),
        "node": "one",
        "began": True,
    }
    return SnapshotPod(**given | more)


def _cluster(*workspaces, sessions=(), pods=()) -> Cluster:
    return Cluster({each.key: each for each in workspaces}, tuple(sessions), tuple(pods))


def _due(*workspaces, sessions=(), pods=(), tidies=False):
    cluster = _cluster(*workspaces, sessions=sessions, pods=pods)
    return [
        (each.workspace.key, each.occasion) for each in all_due(cluster, NOW, 60, tidies=tidies)
    ]


# After a session


def test_a_workspace_is_due_once_no_session_has_it_any_more():
    used = _workspace(mounted_at=_ago(hours=3), last_good=_ago(days=1))
    assert _due(used, sessions=[_session(created=_ago(minutes=5))]) == []
    assert _due(used) == [(ADA, "ended")]


@pytest.mark.parametrize(
    "known",
    [{}, {"last_good": _ago(days=90)}, {"mounted_at": _ago(days=2), "last_good": _ago(days=1)}],
)
def test_what_nobody_had_since_its_last_snapshot_is_never_due(known):
    assert _due(_workspace(**known)) == []


def test_a_snapshot_of_the_same_second_does_not_count():
    both = _ago(minutes=3)
    assert _due(_workspace(mounted_at=both, last_good=both)) == [(ADA, "ended")]


def test_what_is_being_deleted_is_not_due():
    assert _due(_workspace(mounted_at=_ago(hours=1), deleting=True)) == []


@pytest.mark.parametrize("over", [True, False])
def test_what_has_a_pod_is_not_due_whether_that_is_over_or_not(over):
    assert _due(_workspace(mounted_at=_ago(hours=1)), pods=[_pod(over=over)]) == []


# While a session runs


@pytest.mark.parametrize(
    ("began", "last_good", "is_due"),
    [
        (timedelta(minutes=61), None, True),
        (timedelta(minutes=58), None, True),
        (timedelta(minutes=57), None, False),
        (timedelta(hours=9), timedelta(minutes=57), False),
        (timedelta(hours=9), timedelta(minutes=58), True),
        (timedelta(minutes=5), timedelta(days=90), False),
    ],
)
def test_a_session_s_workspace_is_due_so_that_its_last_snapshot_is_never_older_than_an_hour(
    began, last_good, is_due
):
    used = _workspace(mounted_at=NOW, last_good=last_good and NOW - last_good)
    found = _due(used, sessions=[_session(created=NOW - began)])
    assert found == ([(ADA, "live")] if is_due else [])


def test_it_runs_where_the_session_has_the_volume():
    used = _workspace(mounted_at=NOW)
    cluster = _cluster(used, sessions=[_session(node="seven")])
    (due,) = all_due(cluster, NOW, 60, tidies=False)
    assert due.near
    assert due.near.node == "seven"


def test_it_runs_anywhere_where_many_nodes_may_have_the_volume():
    used = _workspace(mounted_at=NOW, modes=frozenset({"ReadWriteMany"}))
    (due,) = all_due(_cluster(used, sessions=[_session()]), NOW, 60, tidies=False)
    assert due.near is None


def test_a_volume_for_one_pod_is_left_to_the_session():
    only = _workspace(mounted_at=NOW, modes=frozenset({"ReadWriteOncePod"}))
    assert _due(only, sessions=[_session()]) == []
    assert _due(only) == [(ADA, "ended")]


def test_a_session_that_is_about_to_get_its_node_is_not_held_up():
    used = _workspace(mounted_at=NOW)
    second = _session(node="", runs=False, created=NOW)
    assert _due(used, sessions=[_session(), second]) == []


# After a failure


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(1, 5), (2, 10), (3, 20), (6, 160), (7, 320), (8, 360), (500, 360)],
)
def test_it_is_tried_again_after_a_pause_that_grows_to_six_hours(failures, pause):
    def at(minutes):
        return _due(
            _workspace(
                mounted_at=_ago(days=1),
                failures=failures,
                failed_at=NOW - timedelta(minutes=minutes),
            )
        )

    assert at(pause - 1) == []
    assert at(pause) == [(ADA, "ended")]


# How many, and which first


def test_ended_comes_before_live_and_the_oldest_first():
    names = ("young", "old", "live")
    young, old, live = (("team-vision", each) for each in names)
    found = _due(
        _workspace(live, mounted_at=NOW),
        _workspace(young, mounted_at=_ago(hours=1)),
        _workspace(old, mounted_at=_ago(hours=2)),
        sessions=[_session(live, created=_ago(days=2))],
    )
    assert [key[1] for key, _ in found] == ["old", "young", "live"]


def test_pods_that_are_over_or_told_to_end_take_no_place():
    pods = [_pod(), _pod(over=True), _pod(deleted_at=NOW)]
    assert room(_cluster(pods=pods), NOW, 3) == 2
    assert room(_cluster(pods=[_pod()] * 5), NOW, 3) == 0


def test_pods_that_find_no_node_hold_up_others_for_a_minute_only_but_are_not_many():
    fresh = _pod(began=False, created=_ago(seconds=50))
    waiting = _pod(began=False, created=_ago(minutes=2))
    assert room(_cluster(pods=[fresh] * 3), NOW, 3) == 0
    assert room(_cluster(pods=[waiting] * 3), NOW, 3) == 3
    assert room(_cluster(pods=[waiting] * 10), NOW, 3) == 2
    assert room(_cluster(pods=[waiting] * 12), NOW, 3) == 0


def test_what_has_failed_comes_after_what_has_not_of_the_same_occasion():
    failed = _workspace(mounted_at=_ago(days=2), failures=3, failed_at=_ago(days=1))
    assert _due(failed, _workspace(BOB, mounted_at=_ago(hours=1))) == [
        (BOB, "ended"),
        (ADA, "ended"),
    ]


# Start wins


@pytest.mark.parametrize(
    ("session", "gives_way"),
    [
        ({"node": "", "runs": False}, True),
        ({"node": "two", "runs": False}, True),
        ({"node": "two"}, True),
        ({"node": "one", "runs": False}, False),
        ({"node": "one"}, False),
    ],
)
def test_a_snapshot_gives_way_to_a_session_that_needs_the_volume_elsewhere(session, gives_way):
    cluster = _cluster(_workspace(), sessions=[_session(**session)], pods=[_pod()])
    assert bool(in_the_way(cluster)) is gives_way


def test_a_snapshot_without_a_node_gives_way_unless_it_will_be_where_the_session_is():
    def ways(occasion):
        pod = _pod(node="", began=False, occasion=occasion)
        return in_the_way(_cluster(_workspace(), sessions=[_session()], pods=[pod]))

    assert ways("ended")
    assert not ways("live")


def test_a_volume_for_one_pod_is_given_up_even_on_the_same_node():
    only = _workspace(modes=frozenset({"ReadWriteOncePod"}))
    assert in_the_way(_cluster(only, sessions=[_session()], pods=[_pod()]))


def test_a_volume_for_many_nodes_is_in_nobody_s_way():
    many = _workspace(modes=frozenset({"ReadWriteMany"}))
    session = _session(node="", runs=False)
    assert not in_the_way(_cluster(many, sessions=[session], pods=[_pod()]))


def test_the_session_of_somebody_else_changes_nothing():
    session = _session(BOB, node="", runs=False)
    assert not in_the_way(_cluster(_workspace(), sessions=[session], pods=[_pod()]))


@pytest.mark.parametrize("pod", [{"over": True}, {"deleted_at": NOW}])
def test_what_ends_anyway_is_left_alone(pod):
    session = _session(node="", runs=False)
    assert not in_the_way(_cluster(_workspace(), sessions=[session], pods=[_pod(**pod)]))


def test_a_workspace_that_is_deleted_is_not_held_up():
    for occasion in ("ended", TIDY, "copy", "verify"):
        pod = _pod(occasion=occasion)
        assert in_the_way(_cluster(_workspace(deleting=True), pods=[pod]))
        assert in_the_way(_cluster(pods=[pod]))
        assert in_the_way(_cluster(_workspace(created=NOW), pods=[pod]))  # another of the name


# Tidying


def test_a_repository_is_tidied_a_week_after_the_last_time():
    def at(**since):
        return _due(_workspace(last_good=_ago(hours=1), tidied=_ago(**since)), tidies=True)

    assert at(days=6, hours=23) == []
    assert at(days=7) == [(ADA, TIDY)]


def test_nothing_is_tidied_without_a_new_snapshot_nor_without_a_login():
    old = _workspace(last_good=_ago(days=9), tidied=_ago(days=8))
    assert _due(old, tidies=True) == []
    assert _due(_workspace(last_good=_ago(days=1), tidied=_ago(days=8)), tidies=False) == []
    assert _due(_workspace(), tidies=True) == []


def test_a_failed_tidying_is_tried_again_the_next_day_and_holds_up_no_snapshot():
    def at(hours, **more):
        return _due(
            _workspace(last_good=_ago(days=1), tidy_failed_at=_ago(hours=hours), **more),
            tidies=True,
        )

    assert at(23) == []
    assert at(24) == [(ADA, TIDY)]
    assert at(23, mounted_at=NOW) == [(ADA, "ended")]


def test_workspaces_of_one_day_are_tidied_on_all_days_of_a_week():
    def is_due(number, day):
        workspace = _workspace(
            ("team-vision", f"workspace-{number}"), last_good=NOW, created=_ago(days=day)
        )
        return bool(_due(workspace, tidies=True))

    by_day = [sum(is_due(number, day) for number in range(70)) for day in range(7, 15)]
    assert by_day[0] == 0
    assert by_day[-1] == 70
    assert by_day == sorted(set(by_day))


def test_tidying_gives_way_to_nobody_as_it_has_no_volume():
    session = _session(node="", runs=False)
    pod = _pod(occasion=TIDY)
    assert not in_the_way(_cluster(_workspace(), sessions=[session], pods=[pod]))


# Putting back

ASKED = RestoreRequest("1").to_json()
WISH = WishAnswer("1", WishState.WAITING)


@pytest.mark.parametrize(
    ("mode", "sessions", "is_due"),
    [
        ("ReadWriteOnce", [], True),
        ("ReadWriteOnce", [_session()], True),
        ("ReadWriteOnce", [_session(node="", runs=False)], False),
        ("ReadWriteMany", [_session(node="", runs=False)], True),
        ("ReadWriteOncePod", [], True),
        ("ReadWriteOncePod", [_session()], False),
    ],
)
def test_a_request_is_due_at_once_unless_a_session_is_in_the_way(mode, sessions, is_due):
    workspace = _workspace(modes=frozenset({mode}), asked=ASKED)
    due = _due(workspace, sessions=sessions)
    assert due == ([(ADA, RESTORE)] if is_due else [])


def test_it_comes_before_snapshots_and_needs_no_pause_after_a_session_or_a_failure():
    used = {"mounted_at": _ago(hours=1)}
    asked = _workspace(asked=ASKED, failures=9, failed_at=NOW, **used)
    cluster = _cluster(_workspace(BOB, **used), asked)
    found = all_due(cluster, NOW, 60, tidies=False, just_left={ADA})
    assert [each.occasion for each in found] == [RESTORE, "ended"]


@pytest.mark.parametrize(
    ("occasion", "known", "ends"),
    [
        ("copy", {"asked": ASKED}, True),
        ("verify", {"asked": ASKED}, True),
        (TIDY, {"asked": ASKED}, True),
        ("verify", {"wish": WISH}, True),
        ("copy", {"wish": WISH, "copied": _ago(days=1)}, True),
        ("copy", {"wish": WISH}, False),  # the first one, which may take half a day
        (TIDY, {"wish": WISH}, False),
        ("copy", {}, False),
        ("verify", {"copied": _ago(days=1)}, False),
    ],
)
def test_what_can_begin_anew_gives_way_to_what_somebody_waits_for(occasion, known, ends):
    workspace, pod = _workspace(**known), _pod(occasion=occasion)
    assert bool(in_the_way(_cluster(workspace, pods=[pod]))) is ends
    # Not where it would begin again at once, as what it gives way to has to wait itself.
    away = _session(node="", runs=False)
    assert not in_the_way(_cluster(workspace, sessions=[away], pods=[pod]))


@pytest.mark.parametrize(
    ("at_once", "running", "begun"), [(3, 0, 2), (3, 1, 1), (3, 2, 0), (1, 0, 1)]
)
def test_what_is_verified_leaves_a_place(at_once, running, begun):
    asked = CheckRequest("1", "verify").to_json()
    keys = [("team-vision", f"workspace-{number}") for number in range(4)]
    pods = [_pod(("team-vision", f"another-{each}"), occasion="verify") for each in range(running)]
    cluster = _cluster(*(_workspace(key, check_asked=asked) for key in keys), pods=pods)
    due = all_due(cluster, NOW, 60, tidies=False)
    assert [each.occasion for each in due] == ["verify"] * 4
    assert len(to_start(cluster, due, NOW, at_once)) == begun
    cluster.workspaces[ADA] = _workspace(asked=ASKED)
    due = all_due(cluster, NOW, 60, tidies=False)
    assert to_start(cluster, due, NOW, at_once)[0].occasion == RESTORE


def test_one_that_cannot_be_read_is_never_due():
    assert _due(_workspace(asked="please")) == []


@pytest.mark.parametrize(
    ("node", "session", "ends"),
    [("one", "one", False), ("one", "", False), ("", "one", False), ("one", "two", True)],
)
def test_it_gives_way_only_to_a_session_on_another_node(node, session, ends):
    pod = _pod(occasion=RESTORE, node=node)
    cluster = _cluster(_workspace(), sessions=[_session(node=session)], pods=[pod])
    assert bool(in_the_way(cluster)) is ends
