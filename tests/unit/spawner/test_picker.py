"""What the page shows, and what its form means."""

from html.parser import HTMLParser

import pytest
from gpucommons_spawner.availability import Availability
from gpucommons_spawner.cluster import Cluster
from gpucommons_spawner.picker import options_of_form, render
from gpucommons_spawner.quota import Ledger
from gpucommons_spawner.selection import Person
from gpucommons_spawner.teams import Team

from .conftest import ASTRO, TODAY, VISION

ADA = Person("ada", teams=(VISION,))
BOTH = Person("ada", teams=(ASTRO, VISION))


class _Page(HTMLParser):
    """The radio buttons, version options and words of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.radios: dict[tuple[str, str], set[str]] = {}
        self.selected: dict[str, str] = {}
        self.words = ""
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "input":
            self.radios[found["name"], found["value"]] = {"checked", "disabled"} & found.keys()
        if tag == "select":
            self._select = found["name"]
        if tag == "option" and "selected" in found:
            self.selected[self._select] = found["value"]

    def handle_data(self, data):
        self.words += " ".join(data.split()) + " "


def _draw(catalogue, last=None, person=ADA) -> str:
    state = Availability(catalogue, Cluster()).for_person(person, Ledger(), "")
    return render(catalogue, person, state, last or {}, availability_url="/hub/api/x", today=TODAY)


def test_what_is_not_allowed_is_shown_off_with_its_reason(catalogue):
    page = _Page(_draw(catalogue))
    assert page.radios["environment", "pytorch"] == {"disabled"}
    assert page.radios["size", "gpus"] == {"disabled"}
    assert "For members of researchers. Ask an administrator for access." in page.words
    assert "Back on Monday." in page.words
    assert "2025.11 – Too old." in page.words  # noqa: RUF001 -- typography


def test_the_last_choice_is_preselected(catalogue):
    page = _Page(_draw(catalogue, {"environment": "scipy", "version": "2026.05", "size": "gpu"}))
    assert page.radios["environment", "scipy"] == {"checked"}
    assert page.radios["size", "gpu"] == {"checked"}
    assert page.selected["version.scipy"] == "2026.05"


@pytest.mark.parametrize(
    "last",
    [
        {"environment": "gone", "version": "9", "size": "gone"},
        {"environment": "tensorflow", "version": "2025.11", "size": "gpus"},
        {"environment": ["scipy"], "size": {"a": 1}},
    ],
)
def test_a_last_choice_that_is_no_longer_offered_gives_way_to_one_that_is(catalogue, last):
    page = _Page(_draw(catalogue, last))
    assert page.radios["environment", "scipy"] == {"checked"}
    assert page.radios["size", "cpu"] == {"checked"}
    assert page.selected["version.scipy"] == "2026.11"


def test_with_several_teams_the_last_one_is_preselected(catalogue):
    page = _Page(_draw(catalogue, {"team": "vision"}, BOTH))
    assert page.radios["team", "vision"] == {"checked"}
    assert page.radios["team", "astro"] == set()
    assert page.words.split()[:4] == ["Team", "Astronomy", "Computer", "vision"]


@pytest.mark.parametrize("last", [{}, {"team": "left"}, {"team": ["vision"]}])
def test_without_a_last_team_none_is_guessed(catalogue, last):
    page = _Page(_draw(catalogue, last, BOTH))
    assert page.radios["team", "vision"] == page.radios["team", "astro"] == set()


def test_the_only_team_is_named_and_not_asked_for(catalogue):
    page = _Page(_draw(catalogue, {"team": "left"}))
    assert "In the team Computer vision" in page.words
    assert not [field for field, _ in page.radios if field == "team"]


def test_somebody_in_no_team_reads_what_to_do_and_cannot_start(catalogue):
    page = _Page(_draw(catalogue, person=Person("ada")))
    assert "Ask an administrator to add you to a team" in page.words
    assert not page.radios
    assert "Start" not in page.words.split()


def test_names_with_markup_are_shown_as_text(catalogue):
    script = "<script>alert(1)</script>"
    odd = catalogue.sizes["cpu"].model_copy(update={"display_name": script})
    changed = catalogue.model_copy(update={"sizes": {"cpu": odd}})
    assert "<script>" not in _draw(changed, person=Person("ada", teams=(Team("a", script, "b"),)))


def test_the_form_is_read_with_the_version_of_the_chosen_environment():
    fields = {
        "environment": ["scipy"],
        "version.scipy": ["2026.05"],
        "version.pytorch": ["2.9"],
        "size": ["gpu"],
    }
    assert options_of_form(fields) == {
        "environment": "scipy",
        "version": "2026.05",
        "size": "gpu",
    }


def test_a_link_names_the_version_itself():
    fields = {"environment": ["scipy"], "version": ["2026.05"], "size": ["gpu"]}
    assert options_of_form(fields)["version"] == "2026.05"


def test_fields_that_the_form_does_not_have_are_kept_to_be_refused():
    assert options_of_form({"image": ["evil"], "size": ["a", "b"]}) == {
        "image": "evil",
        "size": ["a", "b"],
    }
