"""What a link preselects, and what it is told it cannot."""

import asyncio
from types import SimpleNamespace

import pytest
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.picker.links import choice_of_link, preselect
from gpucommons_spawner.selection.person import Person
from jupyterhub.handlers.pages import SpawnHandler

from .conftest import ASTRO, TODAY, VISION

ADA = Person("ada", teams=(VISION,))
BOTH = Person("ada", frozenset({"astro", "vision"}), (ASTRO, VISION))
LAST = {"team": "vision", "environment": "scipy", "version": "2026.05", "size": "gpu"}


@pytest.fixture
def wanted(catalogue):
    def wanted(link, last=LAST, person=ADA, catalogue=catalogue):
        found = preselect(link, last, person, catalogue, TODAY)
        return dict(found.wanted), list(found.problems)

    return wanted


def test_only_what_begins_with_opt_is_the_link_s():
    assert choice_of_link({"opt-size": [b"cpu"], "next": [b"/x"], "_xsrf": [b"y"]}) == {
        "size": "cpu"
    }
    assert choice_of_link({"opt-size": [b"a", b"\xff"]}) == {"size": ["a", "\ufffd"]}


def test_without_a_link_the_last_choice_is_wanted(wanted):
    assert wanted({}) == (LAST, [])


def test_a_link_counts_before_the_last_choice(wanted):
    assert wanted({"size": "cpu"}) == ({**LAST, "size": "cpu"}, [])


def test_a_link_to_an_environment_means_its_default_version(wanted):
    found, problems = wanted({"environment": "scipy"})
    assert "version" not in found
    assert problems == []


def test_all_that_cannot_be_had_is_told_and_the_rest_wanted(wanted):
    found, problems = wanted({"environment": "scipi", "version": "1", "size": "cpu", "x": "y"})
    assert found == {**LAST, "size": "cpu"}
    assert [problem.split(".")[0] for problem in problems] == [
        "'x' is not an option here",
        "There is no environment 'scipi'",
    ]
    assert "Choose one of scipy" in problems[1]


def test_a_version_that_is_off_is_told_but_its_environment_kept(wanted):
    found, problems = wanted({"environment": "scipy", "version": "2025.11"})
    assert found == {"team": "vision", "environment": "scipy", "size": "gpu"}
    assert problems == ["Version 2025.11 of scipy is off: Too old. Choose one of 2026.11, 2026.05."]


def test_a_team_that_is_not_one_s_own_is_told(wanted):
    found, problems = wanted({"team": "other", "size": "cpu"}, person=BOTH)
    assert found == {**LAST, "size": "cpu"}
    assert problems[0].startswith("You are not in a team 'other'. Choose one of astro, vision")
    assert len(problems) == 1


def _only_in(catalogue: Catalogue, team: str) -> Catalogue:
    data = catalogue.model_dump()
    data["sizes"]["cpu"]["access"] = [team]
    return Catalogue.model_validate(data)


def test_the_only_team_that_has_it_all_is_wanted(wanted, catalogue):
    found, problems = wanted({"size": "cpu"}, person=BOTH, catalogue=_only_in(catalogue, "astro"))
    assert found == {**LAST, "size": "cpu", "team": "astro"}
    assert problems == []


def test_no_team_is_guessed_where_several_have_it(wanted):
    found, _ = wanted({"size": "cpu"}, last={}, person=BOTH)
    assert found == {"size": "cpu"}


def test_what_is_given_twice_is_told(wanted):
    assert wanted({"size": ["cpu", "gpu"]}) == (
        LAST,
        ["The option size must be one text, not ['cpu', 'gpu']."],
    )


def _asked(link: dict[str, list[bytes]], method: str = "GET") -> SpawnHandler:
    handler = SpawnHandler.__new__(SpawnHandler)
    handler.request = SimpleNamespace(method=method, query_arguments=link)
    return handler


async def _opened(spawner, handler, others: asyncio.Barrier) -> dict[str, object]:
    """What a page is drawn with, as JupyterHub comes to it while other requests do."""
    spawner.handler = handler
    await others.wait()
    await spawner.run_auth_state_hook(None)
    await others.wait()
    return dict(spawner.link)


def test_each_request_has_its_own_link_taken_out_of_it(make_spawner):
    spawner = make_spawner({})
    handlers = [_asked({"opt-size": [size.encode()], "next": [b"/x"]}) for size in ("cpu", "gpu")]

    async def open_all() -> list[dict[str, object]]:
        together = asyncio.Barrier(len(handlers))
        return await asyncio.gather(*(_opened(spawner, each, together) for each in handlers))

    assert asyncio.run(open_all()) == [{"size": "cpu"}, {"size": "gpu"}]
    assert [list(each.request.query_arguments) for each in handlers] == [["next"], ["next"]]


def test_what_is_left_in_an_address_starts_nothing(make_spawner):
    with pytest.raises(SpawnRefusedError, match="starts nothing"):
        make_spawner({}).options_from_query({"size": ["cpu"]})
