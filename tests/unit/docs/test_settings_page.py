"""The page of settings, from traits."""

import pytest
from reference_pages.project import MissingTextError
from reference_pages.settings import changed_defaults, configured, page, section, settings
from traitlets import Bool, Enum, Int, Unicode, default
from traitlets.config import Configurable


class Theirs(Configurable):
    """A class of another project."""

    patience = Int(3, config=True, help="Seconds.")


class Ours(Theirs):
    """Starts what is asked for. And more."""

    __module__ = "gpucommons_example"

    slots = Int(32, min=1, config=True, help="how many at once; 0 is *not* allowed")
    kind = Enum(["one", "two"], default_value="one", config=True, help="Which.")
    place = Unicode(None, allow_none=True, config=True, help="Where.")
    inner = Bool(False, help="Not for operators.")

    @default("patience")
    def _patience_default(self) -> int:
        """Our clusters are slower."""
        return 30


class Last(Ours):
    """The one that a configuration names."""

    __module__ = "gpucommons_example"


class Silent(Configurable):
    """Has a setting without help."""

    __module__ = "gpucommons_example"

    unexplained = Int(1, config=True)


def test_every_setting_has_its_type_default_and_help():
    text = section(Ours)
    assert "(Ours.slots)=\n### `slots`\n\n*Int from 1*, default `32`" in text
    assert r"How many at once; 0 is \*not\* allowed." in text
    assert "*Enum one of 'one', 'two'*, default `'one'`" in text
    assert "*Unicode or None*, default `None`" in text


def test_what_operators_cannot_set_is_left_out():
    assert [each.name for each in settings(Ours)] == ["kind", "place", "slots"]


def test_a_setting_without_help_fails_the_build():
    with pytest.raises(MissingTextError, match=r"Silent\.unexplained"):
        settings(Silent)


def test_changed_defaults_of_other_projects_are_listed_with_the_reason():
    (changed,) = changed_defaults(Ours)
    assert (changed.name, changed.default, changed.reason) == (
        "patience",
        "30",
        "Our clusters are slower.",
    )


def test_of_classes_that_extend_one_another_only_the_last_is_named():
    assert configured({Ours, Last}) == [Last]
    assert [each.name for each in settings(Last)] == ["kind", "place", "slots"]


def test_all_settings_of_the_project_are_on_the_page():
    text = page()
    for name in ("GPUSpawner.catalogue_file", "DexOAuthenticator.issuer", "IdleCuller.interval"):
        assert f"({name})=" in text
