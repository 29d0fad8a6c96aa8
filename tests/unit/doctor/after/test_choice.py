"""What is started where nothing, or something that is not there, is named."""

import pytest
from gpucommons_doctor.after.choice import choose
from gpucommons_people.errors import InputError
from gpucommons_spawner.catalogue import Catalogue

IMAGE = {"versions": {"1": {"image": "example.org/a:1"}}}


def _catalogue(**more):
    offers = {"environments": {"off": {"disabled": "Soon.", "display_name": "Off", **IMAGE}}}
    offers["environments"]["a"] = {"display_name": "A", **IMAGE}
    sizes = {name: {"display_name": name, "cpu": 1, "memory": "1Gi"} for name in ("small", "large")}
    return Catalogue.model_validate({**offers, "sizes": sizes, **more})


def test_the_first_that_is_on_is_chosen():
    assert choose(_catalogue(), "", "").options == {"environment": "a", "size": "small"}


def test_the_catalogues_default_counts_before_the_first():
    chosen = choose(_catalogue(defaults={"size": "large"}), "", "")
    assert chosen.options["size"] == "large"


def test_what_is_named_counts_before_the_default():
    chosen = choose(_catalogue(defaults={"size": "large"}), "", "small", "vision")
    assert chosen.options == {"environment": "a", "size": "small", "team": "vision"}


@pytest.mark.parametrize("name", ["b", "off"])
def test_what_is_not_there_is_answered_with_what_is(name):
    with pytest.raises(InputError, match=rf"no environment {name}. Choose one of a with"):
        choose(_catalogue(), name, "")
