"""What the page shows after a start that was refused: the server asked for, and what was chosen."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from .visitor import Visitor, preselected

VISION = {"team": "vision", "environment": "scipy", "size": "brief", "opens": "lab"}
ASTRO = {"team": "astro", "environment": "scipy", "size": "share", "opens": "lab"}


@pytest.fixture
def tia(hub) -> Iterator[Visitor]:
    """Somebody in two teams, whose default server runs."""
    assert hub.start_server("tia", VISION).status_code == 201
    with Visitor(hub.url, "tia") as tia:
        tia.sign_in()
        yield tia


def _asks_about(page) -> str:
    """The server of whose room the page goes on to ask."""
    address = page.text.partition('data-availability="')[2].partition('"')[0]
    return parse_qs(urlsplit(address.replace("&amp;", "&")).query, keep_blank_values=True)[
        "server"
    ][0]


def test_a_wrong_choice_for_a_named_server_is_shown_again(tia):
    page = tia.press_start({**ASTRO, "version.scipy": "2025.11"}, server="second")
    assert page.status_code == 400
    assert "Version 2025.11 of scipy is off" in page.text
    assert preselected(page) == ASTRO
    assert _asks_about(page) == "second"


def test_a_named_server_for_which_there_is_no_room_is_shown_again(tia, hub):
    hub.start_server("tia", VISION, server="other")
    page = tia.press_start(ASTRO, server="second")
    assert page.status_code == 409
    assert preselected(page)["team"] == "astro"
    assert _asks_about(page) == "second"


def test_what_was_chosen_for_the_default_server_is_shown_again_too(tia, hub):
    hub.stop_server("tia")
    page = tia.press_start({**ASTRO, "version.scipy": "2025.11"})
    assert preselected(page) == ASTRO
    assert _asks_about(page) == ""


def test_the_next_look_at_the_page_shows_what_was_started_last(tia):
    tia.press_start({**ASTRO, "version.scipy": "2025.11"}, server="second")
    assert preselected(tia.get("/hub/spawn/tia/second")) == VISION


def test_a_last_session_that_is_not_to_be_had_is_refused_on_the_server_s_own_page(tia):
    page = tia.press_start({"resume": "now"}, server="second")
    assert page.status_code == 409
    assert preselected(page) == VISION
    assert _asks_about(page) == "second"
