"""A server with the extension as it is now, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.jupyter_lab import Lab


@pytest.fixture
def lab(built_panel: None, tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    lab.start()
    yield lab
    lab.stop()
    print(lab.log)  # noqa: T201 -- shown if the test failed
