"""The real kubelet ends a session whose size has a maximum duration; its person reads why."""

import time
from collections.abc import Iterator

import pytest

from tests.people import SignedIn
from tests.waiting import until

from .waiting_start import pods_of

LONGEST_S = 60
"""The least that a catalogue takes."""


@pytest.fixture
def student(change_catalogue, fresh) -> Iterator[SignedIn]:
    """Somebody who may choose a size for a minute."""

    def change(catalogue) -> None:
        catalogue["sizes"]["brief"] = {
            **catalogue["sizes"]["cpu"],
            "display_name": "For a minute",
            "max_duration": f"{LONGEST_S}s",
        }

    change_catalogue(change)
    yield from fresh("student")


def test_a_session_ends_when_its_time_is_up_and_its_person_reads_why(platform, student) -> None:
    begun = time.monotonic()
    assert student.start({"size": "brief"})["ready"]
    until(lambda: student.servers() == {}, 4 * LONGEST_S)
    assert time.monotonic() - begun > LONGEST_S - 1
    until(lambda: not pods_of(platform, student))
    for page in ("/hub/home", f"/hub/spawn/{student.username}"):
        text = student.browser.get(page).text
        assert "sessions of its size last 1 minute at most" in text
        assert "Files saved in your home folder are kept" in text
