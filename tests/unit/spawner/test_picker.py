"""What the page shows, and what its form means."""

from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.picker.offer import Resume
from gpucommons_spawner.picker.page import options_of_form, render
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person, Team

from .conftest import ASTRO, TODAY, VISION

ADA = Person("ada", teams=(VISION,))
BOTH = Person("ada", teams=(ASTRO, VISION))


class _Page(HTMLParser):
    """The radio buttons, version options and words of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.radios: dict[tuple[str, str], set[str]] = {}
        self.selected: dict[str, str] = {}
        self.buttons: dict[str, bool] = {}
        """Whether each is off, by value."""
        self.words = ""
        self._select = ""
        self.feed(html)
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "button":
            self.buttons[found.get("value", "")] = "disabled" in found
        if tag == "input":
            self.radios[found["name"], found["value"]] = {"checked", "disabled"} & found.keys()
        if tag == "select":
            self._select = found["name"]
        if tag == "option" and "selected" in found:
            self.selected[self._select] = found["value"]

    def handle_data(self, data):
        self.words += " ".join(data.split()) + " "


def _draw(catalogue, last=None, person=ADA, today=TODAY, starts=None, **more) -> str:
    state = Availability(catalogue, Cluster(), starts).for_person(person, Ledger(), "")
    return render(catalogue, person, state, last or {}, availability_url="/x", today=today, **more)


def test_what_cannot_be_had_is_folded_into_a_line_with_its_reasons(catalogue):
    page = _Page(_draw(catalogue))
    assert {field for field, value in page.radios if value in ("pytorch", "gpus")} == set()
    closed = "For members of researchers. Ask an administrator for access."
    assert (
        f"2 more environments are not available here PyTorch: {closed} TensorFlow: Back on Monday. "
    ) in page.words
    assert f"1 more size is not available here Two GPUs: {closed} " in page.words
    assert "2025.11 – Too old." in page.words  # noqa: RUF001 -- typography


def _advised(catalogue):
    offer = catalogue.environments["tensorflow"].model_copy(update={"advice": "Run make images."})
    offers = {**catalogue.environments, "tensorflow": offer}
    return catalogue.model_copy(update={"environments": offers})


def test_only_administrators_read_what_to_do_about_it_and_where_it_is_said(catalogue):
    advised = _advised(catalogue)
    page = _Page(_draw(advised, catalogue_url="/hub/gpucommons/catalogue"))
    assert "TensorFlow: Back on Monday. Run make images." in page.words
    assert "Administrators see which file says so: catalogue" in page.words
    words = _Page(_draw(advised)).words
    assert "make images" not in words
    assert "Administrators" not in words


def test_where_nothing_can_be_had_the_reasons_are_open(catalogue):
    closed = _advised(catalogue).environments["tensorflow"]
    html = _draw(catalogue.model_copy(update={"environments": {"tensorflow": closed}}))
    assert '<details class="mt-2 gpucommons-folded" open>' in html
    assert "1 environment is not available here" in _Page(html).words


def test_an_environment_whose_versions_are_all_off_says_why(catalogue):
    scipy = catalogue.environments["scipy"]
    old = scipy.model_copy(update={"versions": {"2025.11": scipy.versions["2025.11"]}})
    changed = catalogue.model_copy(update={"environments": {"scipy": old}})
    assert "SciPy: None of its versions can be started. Too old." in _Page(_draw(changed)).words


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


def test_a_last_day_is_shown_before_and_after_it(full):
    before = _Page(_draw(full, {"environment": "lab", "version": "old", "size": "cpu"}))
    assert "old – until 2027-01-31" in before.words  # noqa: RUF001 -- typography
    assert "old can be started until 2027-01-31. Use new instead." in before.words
    after = _Page(_draw(full, {"version": "old"}, today=date(2027, 2, 1)))
    assert "old – Retired since 2027-01-31." in after.words  # noqa: RUF001 -- typography
    assert after.selected["version.lab"] == "new"


def test_the_data_of_ones_teams_is_listed_with_its_folder_and_team(full):
    words = _Page(_draw(full)).words
    assert "ImageNet /data/imagenet Pictures with names" in words
    assert "Sky survey" not in words
    words = _Page(_draw(full, person=BOTH)).words
    assert "Sky survey /data/sky In the team Astronomy only." in words
    assert "Models /data/models In" not in words


def test_what_one_holds_of_what_one_may_is_said_of_person_and_team(full):
    assert (
        "You hold 0 of 3 sessions, 0 of 4 GPUs and 0 of 1 session of the size "
        "Claimed GPU. "
        "The team Computer vision holds 0 of 20 sessions and 0 of 8 GPUs."
    ) in _Page(_draw(full)).words


def test_a_size_that_only_one_of_ones_teams_has_says_which(catalogue):
    cpu = catalogue.sizes["cpu"].model_copy(update={"access": ("astro",)})
    changed = catalogue.model_copy(update={"sizes": {"cpu": cpu}})
    groups = frozenset({"astro", "vision"})
    page = _Page(_draw(changed, person=Person("ada", groups, (ASTRO, VISION))))
    assert "In the team Astronomy only." in page.words
    assert page.radios["size", "cpu"] == {"checked"}


def test_an_environment_that_only_one_of_ones_teams_has_says_which(catalogue):
    offers = dict(catalogue.environments)
    offers["scipy"] = offers["scipy"].model_copy(update={"access": ("astro",)})
    changed = catalogue.model_copy(update={"environments": offers})
    groups = frozenset({"astro", "vision"})
    page = _Page(_draw(changed, person=Person("ada", groups, (ASTRO, VISION))))
    assert "SciPy In the team Astronomy only." in page.words
    assert page.radios["environment", "scipy"] == {"checked"}


def test_an_image_of_ones_own_is_asked_for_only_where_it_is_allowed(full, catalogue):
    assert 'name="image.lab"' in _draw(full)
    assert 'name="image.' not in _draw(catalogue)


def test_an_administrator_is_led_to_the_mistakes_of_the_file(full):
    assert 'href="/hub/gpucommons/catalogue"' in _draw(
        full, problem_url="/hub/gpucommons/catalogue"
    )
    assert "mistakes" not in _draw(full)


def test_names_with_markup_are_shown_as_text(catalogue):
    script = "<script>alert(1)</script>"
    odd = catalogue.sizes["cpu"].model_copy(update={"display_name": script})
    changed = catalogue.model_copy(update={"sizes": {"cpu": odd}})
    assert "<script>" not in _draw(changed, person=Person("ada", teams=(Team("a", script, "b"),)))


@pytest.mark.parametrize(
    "name", ['"><img src=x onerror=1>', "../../etc/passwd", "x" * 500, "\u202eevil", "{{ 7*7 }}"]
)
def test_odd_names_in_every_place_are_shown_as_text(full, name):
    lab = full.environments["lab"]
    old = lab.versions["old"].model_copy(update={"disabled": name})
    lab = lab.model_copy(
        update={"display_name": name, "description": name, "versions": {"old": old, **lab.versions}}
    )
    models = full.data["models"].model_copy(update={"display_name": name, "description": name})
    changed = full.model_copy(update={"environments": {"lab": lab}, "data": {"models": models}})
    html = _draw(
        changed, {"image": name, "environment": "lab"}, Person("ada", teams=(Team("a", name, "b"),))
    )
    assert name in unescape(html)
    assert "<img" not in html
    assert "49" not in html.replace("2049", "")


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


def test_an_image_that_was_written_counts_before_the_version():
    fields = {
        "environment": ["scipy"],
        "version.scipy": ["2026.05"],
        "image.scipy": ["own/x:1"],
        "image.pytorch": [""],
    }
    assert options_of_form(fields) == {"environment": "scipy", "image": "own/x:1"}
    fields["image.scipy"] = [""]
    assert options_of_form(fields) == {"environment": "scipy", "version": "2026.05"}


def test_a_link_names_the_version_itself():
    fields = {"environment": ["scipy"], "version": ["2026.05"], "size": ["gpu"]}
    assert options_of_form(fields)["version"] == "2026.05"


def test_fields_that_the_form_does_not_have_are_kept_to_be_refused():
    assert options_of_form({"image": ["evil"], "size": ["a", "b"]}) == {
        "image": "evil",
        "size": ["a", "b"],
    }


def _offer(**more) -> Resume:
    return Resume(title="SciPy 2026.11 · CPU", team="vision", size="cpu", image="As it was", **more)


def test_the_last_session_can_be_started_again(catalogue):
    page = _Page(_draw(catalogue, offer=_offer(same={"size": "cpu"})))
    assert "Last session SciPy 2026.11 · CPU As it was Start again" in page.words
    assert page.buttons["same"] is False
    assert "now" not in page.buttons


def test_a_changed_image_is_said_and_both_are_offered(catalogue):
    offer = _offer(same={"size": "cpu"}, now={"size": "cpu"}, changed="It is another image now.")
    page = _Page(_draw(catalogue, offer=offer))
    assert "It is another image now. Start as last time Start with the new image" in page.words
    assert (page.buttons["same"], page.buttons["now"]) == (False, False)


def test_an_old_image_that_is_not_allowed_any_more_has_no_button(catalogue):
    page = _Page(_draw(catalogue, offer=_offer(now={"size": "cpu"}, changed="Another now.")))
    assert "same" not in page.buttons
    assert page.buttons["now"] is False


def test_a_last_session_that_cannot_be_started_is_off_and_says_why(catalogue):
    page = _Page(_draw(catalogue, offer=_offer(reason="It is gone.")))
    assert "It is gone." in page.words
    assert page.buttons["same"] is True


def test_a_last_session_whose_size_is_taken_is_off_and_says_why(catalogue):
    person = Person("ada", frozenset(), (VISION,))
    offer = replace(_offer(same={"size": "gpus"}), size="gpus")
    page = _Page(_draw(catalogue, person=person, offer=offer))
    assert page.words.index("For members of researchers") < page.words.index("Environment")
    assert page.buttons["same"] is True


def test_who_was_never_here_has_nothing_to_start_again(catalogue):
    assert "Last session" not in _Page(_draw(catalogue)).words


def test_what_a_link_cannot_have_is_told(catalogue):
    page = _Page(_draw(catalogue, link_problems=("There is no size 'huge'.",)))
    assert (
        "The link asks for something that you cannot have: There is no size 'huge'." in page.words
    )


def test_how_long_the_last_starts_of_the_choice_took_is_said(catalogue):
    starts = StartTimes()
    starts.note("scipy", "cpu", 6.2)
    starts.note("scipy", "gpu", 90.0)
    page = _Page(_draw(catalogue, starts=starts))
    assert "the last start took 6 s Kept: home folder" in page.words


def test_what_a_press_would_start_is_said_beside_the_button(catalogue):
    words = _Page(_draw(catalogue)).words
    assert "SciPy 2026.11 · CPU only · JupyterLab Start Copy link" in words
    words = _Page(_draw(catalogue, {"team": "vision", "opens": "vscode"}, BOTH)).words
    assert "SciPy 2026.11 · CPU only · VS Code · Computer vision Start" in words


def test_programs_are_offered_and_the_last_one_is_preselected(catalogue):
    page = _Page(_draw(catalogue))
    assert page.radios["opens", "lab"] == {"checked"}
    assert page.radios["opens", "vscode"] == set()
    assert ("opens", "notebook") not in page.radios
    page = _Page(_draw(catalogue, {"opens": "vscode"}))
    assert page.radios["opens", "vscode"] == {"checked"}


@pytest.mark.parametrize(
    ("usual", "selected"), [("lab", "lab"), ("vscode", "vscode"), ("notebook", None), ("", None)]
)
def test_what_the_hub_opens_is_preselected_and_nothing_else_in_its_place(
    catalogue, usual, selected
):
    page = _Page(_draw(catalogue, {"opens": "gone"}, usual_program=usual))
    checked = [value for (field, value), is_ in page.radios.items() if field == "opens" and is_]
    assert checked == ([selected] if selected else [])


def test_where_there_is_one_program_nothing_is_asked(catalogue):
    scipy = catalogue.environments["scipy"].model_copy(update={"opens": ("vscode",)})
    page = _Page(_draw(catalogue.model_copy(update={"environments": {"scipy": scipy}})))
    assert not [field for field, _ in page.radios if field == "opens"]


def test_what_happens_to_an_unused_session_is_said_where_there_is_an_idle_culler(full):
    last = {"size": "timeslice"}
    assert "If unused" not in _Page(_draw(full, last)).words
    words = _Page(_draw(full, last, culled=True)).words
    assert (
        "8 hours at most If unused: warned after 30 minutes, stopped after 1 hour. Kept:" in words
    )


def test_a_size_without_a_description_says_what_it_fits(catalogue):
    assert "CPU only 0.5 CPU · 1 GiB For work without a GPU" in _Page(_draw(catalogue)).words
