"""What all unit tests share."""

import pytest

_TIMEOUT_S = 180
"""They take seconds, and many times that where other work shares the machine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each unit test less time than the other tests, unless it says how much it takes."""
    for item in items:
        if "tests/unit/" in item.path.as_posix() and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))
