"""Nothing but the catalogue's offers comes out of resolve, whatever goes in."""

import time
from datetime import date

import pytest
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve
from gpucommons_spawner.selection.selection import CHOICES
from hypothesis import given
from hypothesis import strategies as st

from .conftest import ASTRO, TODAY, VISION

ANYBODY = Person("ada", teams=(VISION,))
RESEARCHER = Person("rosa", frozenset({"researchers"}), (VISION,))
BOTH = Person("ada", teams=(ASTRO, VISION))


def test_a_choice_becomes_a_selection(catalogue):
    selection = resolve(
        {"environment": "scipy", "version": "2026.05", "size": "gpu"}, ANYBODY, catalogue, TODAY
    )
    assert selection.image == "example/scipy:2026.05"
    assert selection.allocation is catalogue.sizes["gpu"]
    assert selection.profile == "SciPy 2026.05 · Whole GPU"


def test_a_stored_choice_is_the_same_choice(catalogue):
    selection = resolve({"size": "share"}, ANYBODY, catalogue, TODAY)
    assert resolve(selection.options(), ANYBODY, catalogue, TODAY) == selection


def test_no_options_mean_the_defaults(catalogue):
    selection = resolve({}, ANYBODY, catalogue, TODAY)
    assert (selection.environment, selection.version, selection.size) == (
        "scipy",
        "2026.11",
        "cpu",
    )


def test_without_defaults_the_missing_choice_is_asked_for(catalogue):
    bare = catalogue.model_copy(update={"defaults": type(catalogue.defaults)()})
    with pytest.raises(SelectionError, match=r"Which environment\? Choose one of scipy\."):
        resolve({"size": "gpu"}, ANYBODY, bare, TODAY)


def test_the_only_team_is_implied_and_stored(catalogue):
    selection = resolve({}, ANYBODY, catalogue, TODAY)
    assert selection.team is VISION
    assert selection.options()["team"] == "vision"


def test_one_of_several_teams_is_chosen_by_name(catalogue):
    assert resolve({"team": "astro"}, BOTH, catalogue, TODAY).team is ASTRO


@pytest.mark.parametrize(
    ("options", "person", "status", "complaint"),
    [
        ({}, BOTH, 400, "Which team? Choose one of astro, vision."),
        (
            {"team": "visoin"},
            BOTH,
            403,
            "You are not in a team 'visoin'. Did you mean vision? "
            "Choose one of astro, vision, or ask an administrator to add you.",
        ),
        (
            {"team": "astro"},
            ANYBODY,
            403,
            "You are not in a team 'astro'. "
            "Choose one of vision, or ask an administrator to add you.",
        ),
        (
            {},
            Person("ada", frozenset({"researchers"})),
            403,
            "You are not in any team, and every session runs in one. "
            "Ask an administrator to add you to a team.",
        ),
        ({"team": "vision", "profile": "x"}, ANYBODY, 400, "A profile alone chooses nothing."),
    ],
)
def test_a_team_that_is_missing_or_not_ones_own_is_refused(
    catalogue, options, person, status, complaint
):
    with pytest.raises(SelectionError) as raised:
        resolve(options, person, catalogue, TODAY)
    assert str(raised.value).startswith(complaint)
    assert raised.value.status == status


def test_a_refusal_is_the_same_whether_a_team_exists_or_not(catalogue):
    said = set()
    for name in ("astro", "nosuch"):
        with pytest.raises(SelectionError) as raised:
            resolve({"team": name}, ANYBODY, catalogue, TODAY)
        said.add(str(raised.value).replace(name, "NAME"))
    assert len(said) == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"image--unlisted-choice": "evil/x:1"}, "is not an option here"),
        (
            {"image": "evil/x:1", "size": "cpu"},
            "scipy does not take the image 'evil/x:1'. It takes",
        ),
        ({"profile": "scipy"}, "A profile alone chooses nothing"),
        ({"size": 1}, "The option size must be one text, not 1."),
        ({"size": ["cpu", "gpu"]}, "must be one text"),
        ({"size": "gpuu"}, "There is no size 'gpuu'. Did you mean gpu?"),
        ({"size": "CPU"}, "There is no size 'CPU'"),
        ({"version": "1.0"}, "The environment scipy has no version '1.0'"),
        ({"version": "2025.11"}, "Version 2025.11 of scipy is off: Too old."),
        ({"environment": "tensorflow"}, "tensorflow is off: Back on Monday."),
        ({"environment": "pytorch"}, "pytorch is for other groups. Choose one of scipy"),
        ({"size": "gpus"}, "gpus is for other groups. Choose one of cpu, share, gpu"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(catalogue, options, complaint):
    with pytest.raises(SelectionError) as raised:
        resolve(options, ANYBODY, catalogue, TODAY)
    assert complaint in str(raised.value)


OWN = "registry.example.org/own/mine@sha256:" + "c" * 64


def test_an_image_of_ones_own_takes_the_place_of_a_version_and_is_stored(full):
    selection = resolve({"image": OWN, "size": "cpu"}, ANYBODY, full, TODAY)
    assert (selection.image, selection.version) == (OWN, "custom")
    assert "version" not in selection.options()
    assert resolve(selection.options(), ANYBODY, full, TODAY) == selection


@pytest.mark.parametrize(
    "image",
    [
        "evil/x:1",
        "x" + OWN,
        OWN + "0",
        OWN + "\n",
        OWN.replace("registry.", "registry-"),
        OWN.replace("mine", "../mine"),
        OWN.replace("mine", "mine/deeper"),
        OWN.upper(),
        OWN.partition("@")[0] + ":latest",
        "registry.example.org/own/" + "a" * 10_000,
        "\u202e" + OWN,
    ],
)
def test_an_image_that_does_not_match_as_a_whole_is_refused(full, image):
    with pytest.raises(SelectionError) as raised:
        resolve({"image": image}, ANYBODY, full, TODAY)
    assert "The environment lab does not take the image" in str(raised.value)
    assert raised.value.status == 403
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("image", ["a b", "a\nb", "a\tb:1", "<b>", "a" * 501, "-a", "é/x:1"])
def test_what_can_be_no_image_is_refused_however_lax_the_pattern(full, image):
    lax = full.environments["lab"].model_copy(update={"custom_image": r"[\s\S]*"})
    catalogue = full.model_copy(update={"environments": {"lab": lax}, "require_digests": False})
    with pytest.raises(SelectionError, match="does not take the image"):
        resolve({"image": image}, ANYBODY, catalogue, TODAY)
    assert resolve({"image": "a:1"}, ANYBODY, catalogue, TODAY).image == "a:1"


def test_a_pattern_that_others_take_ages_for_is_answered_at_once(full):
    slow = full.environments["lab"].model_copy(update={"custom_image": "(a+)+b"})
    catalogue = full.model_copy(update={"environments": {"lab": slow}})
    begin = time.thread_time()  # what else the machine does is not counted
    with pytest.raises(SelectionError):
        resolve({"image": "a" * 400}, ANYBODY, catalogue, TODAY)
    assert time.thread_time() - begin < 1


def test_an_image_must_be_pinned_where_the_catalogue_demands_digests(full):
    lax = full.environments["lab"].model_copy(update={"custom_image": ".*"})
    catalogue = full.model_copy(update={"environments": {"lab": lax}})
    with pytest.raises(SelectionError, match="Write it with its digest"):
        resolve({"image": "other/x:1"}, ANYBODY, catalogue, TODAY)
    assert resolve({"image": OWN}, ANYBODY, catalogue, TODAY).image == OWN


def test_version_and_image_together_are_refused(full):
    with pytest.raises(SelectionError, match="not both"):
        resolve({"image": OWN, "version": "new"}, ANYBODY, full, TODAY)


def test_the_version_custom_cannot_be_asked_for_without_an_image(full):
    with pytest.raises(SelectionError, match="has no version 'custom'"):
        resolve({"version": "custom"}, ANYBODY, full, TODAY)


def test_a_version_can_be_started_until_its_last_day_and_is_then_refused_with_others(full):
    last, after = date(2027, 1, 31), date(2027, 2, 1)
    assert resolve({"version": "old"}, ANYBODY, full, last).version == "old"
    with pytest.raises(SelectionError) as raised:
        resolve({"version": "old"}, ANYBODY, full, after)
    assert str(raised.value) == (
        "Version old of lab can no longer be started. Retired since 2027-01-31. Choose one of new."
    )


def test_a_default_that_has_retired_gives_way_to_a_version_that_has_not(full):
    versions = dict(full.environments["lab"].versions)
    versions["new"] = versions["new"].model_copy(update={"retires": date(2026, 1, 1)})
    lab = full.environments["lab"].model_copy(update={"versions": versions})
    catalogue = full.model_copy(update={"environments": {"lab": lab}})
    assert resolve({}, ANYBODY, catalogue, TODAY).version == "old"


def test_what_is_for_a_team_is_had_in_that_team_only(catalogue):
    cpu = catalogue.sizes["cpu"].model_copy(update={"access": ("astro",)})
    changed = catalogue.model_copy(update={"sizes": {"cpu": cpu}})
    person = Person("ada", frozenset({"astro", "vision"}), (ASTRO, VISION))
    assert resolve({"team": "astro"}, person, changed, TODAY).size == "cpu"
    with pytest.raises(SelectionError, match="is for other groups"):
        resolve({"team": "vision"}, person, changed, TODAY)


def test_only_what_is_for_others_is_forbidden_rather_than_wrong(catalogue):
    with pytest.raises(SelectionError) as raised:
        resolve({"size": "gpus"}, ANYBODY, catalogue, TODAY)
    assert raised.value.status == 403
    assert resolve({"size": "gpus"}, RESEARCHER, catalogue, TODAY).size == "gpus"


def test_a_long_or_odd_input_is_shown_short_and_escaped(catalogue):
    with pytest.raises(SelectionError) as raised:
        resolve({"size": "\u202e<b>" + "x" * 10_000}, ANYBODY, catalogue, TODAY)
    assert "\\u202e<b>" in str(raised.value)
    assert len(str(raised.value)) < 200


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
_near = st.sampled_from(
    ["scipy", "pytorch", "tensorflow", "2026.11", "2025.11", "cpu", "share", "gpu", "gpus", ""]
)
_teams = st.sampled_from(["vision", "astro"])
_keys = st.sampled_from(["team", "environment", "version", "size", "profile", "image"]) | st.text()


@given(
    options=st.dictionaries(_keys, _near | _teams | _json),
    groups=st.sets(_near | st.just("researchers")),
    teams=st.sets(st.sampled_from([ASTRO, VISION])),
)
def test_no_options_reach_what_is_not_offered_to_a_person(catalogue, options, groups, teams):
    person = Person("ada", frozenset(groups), tuple(teams))
    try:
        selection = resolve(options, person, catalogue, TODAY)
    except SelectionError:
        return
    environment = catalogue.environments[selection.environment]
    version = environment.versions[selection.version]
    size = catalogue.sizes[selection.size]
    assert selection.team in teams
    assert selection.image == version.image
    assert selection.allocation is size
    for offer in (environment, size):
        assert offer.open_to(groups)
        assert not offer.disabled
    assert not version.disabled
    asked = {key: options[key] for key in CHOICES if options.get(key)}
    assert asked.items() <= selection.options().items()


_images = st.sampled_from([OWN, OWN + "x", "evil/x:1", OWN[1:]]) | st.text()
_full_near = st.sampled_from(["lab", "new", "old", "custom", "cpu", "dra", "hami", "", OWN])


@given(
    options=st.dictionaries(_keys, _full_near | _images | _teams | _json),
    day=st.sampled_from([TODAY, date(2027, 2, 1)]),
)
def test_no_image_but_those_that_match_comes_out(full, options, day):
    try:
        selection = resolve(options, BOTH, full, day)
    except SelectionError:
        return
    lab = full.environments["lab"]
    if selection.version == "custom":
        assert options["image"] == selection.image == OWN
    else:
        assert not options.get("image")
        assert selection.image == lab.versions[selection.version].image
        assert selection.version == "new" or day == TODAY
    assert set(selection.data) == {
        name for name, data in full.data.items() if data.open_to(selection.team.name)
    }
