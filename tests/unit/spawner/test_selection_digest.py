"""A digest in the place of a tag: only the one that a person's own session ran."""

import pytest
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve

from .conftest import TODAY, VISION

ADA = Person("ada", teams=(VISION,))
DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
RUN = PastRun({}, "example/scipy:2026.11", DIGEST)


def test_the_digest_that_ran_takes_the_place_of_the_tag_and_is_stored(catalogue):
    found = resolve({"digest": DIGEST}, ADA, catalogue, TODAY, [RUN])
    assert found.image == f"example/scipy@{DIGEST}"
    assert found.options()["digest"] == DIGEST
    assert found.options()["version"] == "2026.11"
    assert resolve(found.options(), ADA, catalogue, TODAY, [RUN]) == found


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({"digest": OTHER}, [RUN]),
        ({"digest": DIGEST}, []),
        ({"digest": DIGEST, "version": "2026.05"}, [RUN]),
        ({"digest": "x"}, [RUN]),
        ({"digest": DIGEST}, [PastRun({}, "example/other:2026.11", DIGEST)]),
    ],
)
def test_any_other_digest_is_refused(catalogue, options, runs):
    with pytest.raises(SelectionError, match="None of your sessions ran") as error:
        resolve(options, ADA, catalogue, TODAY, runs)
    assert error.value.status == 403
    assert error.value.option == "digest"


def test_without_a_digest_the_tag_is_started(catalogue):
    assert resolve({}, ADA, catalogue, TODAY, [RUN]).image == "example/scipy:2026.11"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"odd": "1"}, "odd"),
        ({"size": ["cpu"]}, "size"),
        ({"team": "other"}, "team"),
        ({"environment": "other"}, "environment"),
        ({"environment": "pytorch"}, "environment"),
        ({"environment": "tensorflow"}, "environment"),
        ({"version": "other"}, "version"),
        ({"version": "2025.11"}, "version"),
        ({"image": "evil/x:1"}, "image"),
        ({"size": "gpus"}, "size"),
    ],
)
def test_a_refusal_names_the_option_that_is_wrong(catalogue, options, option):
    with pytest.raises(SelectionError) as error:
        resolve(options, ADA, catalogue, TODAY)
    assert error.value.option == option
