"""Images for z2jh's pre-puller."""

import re
from datetime import date

import pytest
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.catalogue.exports import extra_images
from hypothesis import given
from hypothesis import strategies as st

from .conftest import TODAY


def _catalogue(versions: dict[str, dict]) -> Catalogue:
    sizes = {"cpu": {"display_name": "CPU", "cpu": 1, "memory": "1Gi"}}
    environments = {"scipy": {"display_name": "SciPy", "versions": versions}}
    return Catalogue.model_validate({"environments": environments, "sizes": sizes})


@pytest.mark.parametrize(
    "image",
    [
        "scipy:1",
        "registry.example.org:5000/lab/scipy:1",
        "registry.example.org/scipy:1@sha256:" + "a" * 64,
        "registry.example.org:5000/scipy@sha256:" + "a" * 64,
    ],
)
def test_the_chart_s_name_colon_tag_is_the_image_again(image):
    (entry,) = extra_images(_catalogue({"1": {"image": image}}), TODAY).values()
    assert f"{entry['name']}:{entry['tag']}" == image
    assert entry.keys() == {"name", "tag"}


def test_an_image_without_a_tag_is_the_latest():
    images = extra_images(_catalogue({"1": {"image": "localhost:5000/scipy"}}), TODAY)
    assert images == {"scipy-1": {"name": "localhost:5000/scipy", "tag": "latest"}}


def test_what_cannot_be_started_is_not_pulled(full, catalogue):
    assert extra_images(full, TODAY).keys() == {"lab-new", "lab-old"}
    assert extra_images(full, date(2027, 2, 1)).keys() == {"lab-new"}
    assert extra_images(catalogue, TODAY).keys() == {
        "scipy-2026-11",
        "scipy-2026-05",
        "pytorch-2-9",
    }


@given(names=st.sets(st.from_regex(r"\A[a-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?\Z"), min_size=1))
def test_every_image_has_a_key_of_its_own_that_can_be_part_of_a_container_s_name(names):
    names.discard("custom")
    versions = {name: {"image": f"x:{number}"} for number, name in enumerate(sorted(names))}
    images = extra_images(_catalogue(versions or {"1": {"image": "x:0"}}), TODAY)
    assert len(images) == max(len(versions), 1)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,44}", key) for key in images)
