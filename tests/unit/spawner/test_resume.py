"""The last session, offered again."""

from dataclasses import replace

import pytest
from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.picker.last_session import resume
from gpucommons_spawner.picker.offer import NOW, SAME, Resume, with_room
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve

from .conftest import TODAY, VISION

ADA = Person("ada", teams=(VISION,))
DIGEST = "sha256:" + "a" * 64
CHOICE = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}
RUN = PastRun({**CHOICE, "profile": "SciPy 2026.11 · Whole GPU"}, "example/scipy:2026.11", DIGEST)


def _with(catalogue: Catalogue, versions: dict, **more) -> Catalogue:
    """The catalogue with other images for SciPy."""
    data = catalogue.model_dump()
    data["environments"]["scipy"] |= {"versions": versions, **more}
    return Catalogue.model_validate(data)


def _image(offer: Resume, button: str, catalogue: Catalogue) -> str:
    options = offer.options(button)
    assert options is not None
    return resolve(options, ADA, catalogue, TODAY, [RUN]).image


def test_a_tag_is_started_again_as_the_digest_that_ran(catalogue):
    offer = resume(RUN, ADA, catalogue, TODAY)
    assert offer.options(SAME) == {**CHOICE, "digest": DIGEST}
    assert offer.options(NOW) is None
    assert _image(offer, SAME, catalogue) == f"example/scipy@{DIGEST}"
    assert offer.image == "The same image: scipy:2026.11, sha256:aaaaaaaaaaaa"


def test_a_digest_that_is_not_known_is_not_claimed(catalogue):
    offer = resume(replace(RUN, digest=""), ADA, catalogue, TODAY)
    assert offer.options(SAME) == CHOICE
    assert offer.image == ""


@pytest.mark.parametrize(
    "image",
    [
        f"example/scipy:2026.11@{DIGEST}",
        f"example/scipy@{DIGEST}",
        f"docker.io/example/scipy:renamed@{DIGEST}",
    ],
)
def test_a_version_that_was_pinned_since_to_what_ran_is_the_same_image(catalogue, image):
    changed = _with(catalogue, {"2026.11": {"image": image}})
    offer = resume(RUN, ADA, changed, TODAY)
    assert offer.options(SAME) == CHOICE
    assert (offer.options(NOW), offer.changed) == (None, "")
    assert _image(offer, SAME, changed) == image


def test_a_version_that_was_pinned_since_to_another_image_says_so(catalogue):
    moved = {"image": f"example/scipy:2026.11@sha256:{'b' * 64}"}
    before = {"image": f"example/scipy:before@{DIGEST}"}
    changed = _with(catalogue, {"2026.11": moved, "before": before})
    offer = resume(RUN, ADA, changed, TODAY)
    assert offer.changed == "SciPy 2026.11 is another image now."
    assert _image(offer, SAME, changed) == before["image"]
    assert _image(offer, NOW, changed) == moved["image"]


def test_the_same_digest_in_another_repository_is_no_image_that_ran(catalogue):
    changed = _with(catalogue, {"2026.11": {"image": f"other/scipy:2026.11@{DIGEST}"}})
    assert resume(RUN, ADA, changed, TODAY).options(SAME) is None


def test_a_version_with_another_image_says_so_and_the_old_one_is_not_offered(catalogue):
    changed = _with(catalogue, {"2026.11": {"image": "example/scipy:2026.11.1"}})
    offer = resume(RUN, ADA, changed, TODAY)
    assert offer.options(SAME) is None
    assert _image(offer, NOW, changed) == "example/scipy:2026.11.1"
    assert offer.changed == (
        "SciPy 2026.11 is another image now. The previous image is no longer offered."
    )


def test_the_old_image_is_offered_where_another_version_has_it(catalogue):
    versions = {
        "2026.11": {"image": "example/scipy:2026.11.1"},
        "before": {"image": "example/scipy:2026.11"},
    }
    changed = _with(catalogue, versions)
    offer = resume(RUN, ADA, changed, TODAY)
    assert offer.changed == "SciPy 2026.11 is another image now."
    assert _image(offer, SAME, changed) == f"example/scipy@{DIGEST}"
    assert _image(offer, NOW, changed) == "example/scipy:2026.11.1"


def test_the_old_image_is_offered_where_people_may_bring_it(catalogue):
    versions = {"2026.11": {"image": "example/scipy:2026.11.1"}}
    changed = _with(catalogue, versions, custom_image="example/scipy@sha256:[0-9a-f]{64}")
    offer = resume(RUN, ADA, changed, TODAY)
    assert offer.options(SAME) == {
        "team": "vision",
        "environment": "scipy",
        "image": f"example/scipy@{DIGEST}",
        "size": "gpu",
    }
    assert _image(offer, SAME, changed) == f"example/scipy@{DIGEST}"


@pytest.mark.parametrize(
    ("choice", "why"),
    [
        ({"environment": "gone"}, "There is no environment 'gone'"),
        ({"version": "2025.11"}, "Version 2025.11 of scipy is off: Too old."),
        ({"size": "gpus"}, "The size gpus is for other groups"),
        ({"team": "astro"}, "You are not in a team 'astro'"),
    ],
)
def test_what_is_gone_or_not_allowed_any_more_is_off_and_says_why(catalogue, choice, why):
    offer = resume(replace(RUN, options={**RUN.options, **choice}), ADA, catalogue, TODAY)
    assert why in (offer.reason or "")
    assert offer.options(SAME) is None
    assert offer.options(NOW) is None


def test_a_size_that_is_full_says_so(catalogue):
    cluster = Cluster()
    cluster.nodes.replace([{"metadata": {"name": "n1"}}])
    cluster.pods.replace([])
    state = Availability(catalogue, cluster).for_person(ADA, Ledger(), "")
    offer = with_room(resume(RUN, ADA, catalogue, TODAY), state)
    assert offer.full == "No node of this cluster can run it. Ask an administrator."
    assert offer.reason is None


def test_an_image_of_ones_own_is_started_again_as_the_digest_that_ran(catalogue):
    changed = _with(
        catalogue, {"2026.11": {"image": "example/scipy:1"}}, custom_image="own/[a-z]+:[0-9]"
    )
    options = {"team": "vision", "environment": "scipy", "image": "own/mine:1", "size": "cpu"}
    run = PastRun(options, "own/mine:1", DIGEST)
    offer = resume(run, ADA, changed, TODAY)
    again = offer.options(SAME)
    assert again is not None
    assert resolve(again, ADA, changed, TODAY, [run]).image == f"own/mine@{DIGEST}"
