"""Who has priority goes first in Kueue's queue, and ends sessions of others. The real Kueue."""

from collections.abc import Iterator

import pytest

from tests.people import SignedIn
from tests.waiting import until

from .queued_pod import TEAM, URGENT, apply, queued_pod
from .waiting_start import GPU, WaitingStart

LOST = "one with higher priority needed its GPUs"


@pytest.fixture(autouse=True)
def _urgent(platform) -> None:
    apply(platform, URGENT)


def test_a_preempted_person_is_told_why(platform, holder) -> None:
    apply(platform, queued_pod("urgent", URGENT["metadata"]["name"]))
    try:
        until(lambda: len(holder.servers()) == 1)
        (left,) = holder.servers()
        lost = "" if left else "second"
        page = holder.browser.get(f"/hub/spawn/{holder.username}/{lost}")
        assert LOST in page.text
        assert "Files saved in your home folder are kept" in page.text
    finally:
        platform.kubectl("delete", "pod", "urgent", "-n", TEAM)


@pytest.fixture
def urgent_team(change_catalogue) -> None:
    """Sessions of the researchers go before those of the students, who may have a GPU too."""

    def change(catalogue) -> None:
        del catalogue["sizes"]["gpu"]["access"]
        catalogue["priorities"] = {"teams": {"researchers": URGENT["metadata"]["name"]}}

    change_catalogue(change)


@pytest.fixture
def student(fresh) -> Iterator[SignedIn]:
    """Somebody of the team without priority, who holds nothing yet."""
    yield from fresh("student")


@pytest.mark.usefixtures("urgent_team")
def test_a_team_with_priority_goes_before_one_that_waits_longer(holder, student, waiter) -> None:
    longer = WaitingStart(student)
    longer.hears("first in the queue")
    urgent = WaitingStart(waiter)
    urgent.hears("first in the queue")
    longer.hears("number 2 in the queue, 1 session is ahead")
    holder.stop("second")
    assert urgent.last()["ready"]
    assert student.servers()[""]["pending"] == "spawn"
    holder.stop()
    assert longer.last()["ready"]


@pytest.mark.usefixtures("urgent_team")
def test_a_team_with_priority_ends_a_session_of_one_without(student, holder, waiter) -> None:
    """``student`` comes last into the cluster: ``holder`` leaves room for one."""
    holder.stop("second")
    assert student.start(GPU)["ready"]
    assert waiter.start(GPU)["ready"]
    until(lambda: student.servers() == {})
    assert LOST in student.browser.get("/hub/home").text
    assert holder.servers()[""]["ready"]
