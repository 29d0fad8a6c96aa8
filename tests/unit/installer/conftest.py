"""An installation for each combination of answers, written once."""

import pytest

from .samples import answers, combined, write_all

COMBINATIONS = tuple(combined())


@pytest.fixture(params=range(len(COMBINATIONS)), scope="session")
def installation(request, tmp_path_factory):
    """Answers, and the folder that was written from them."""
    settled = answers(**COMBINATIONS[request.param])
    folder = tmp_path_factory.mktemp("clone") / "installation"
    write_all(folder, settled)
    return settled, folder
