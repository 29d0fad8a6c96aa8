"""Adding to a configuration that others have written: what they set stays.

In a configuration file, ``c.JupyterHub.services.append(…)`` on what nobody has set leaves a
`LazyConfigValue`, and so does reading a trait that nobody has set.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

_Container = TypeVar("_Container", list[Any], dict[str, Any], set[Any])


def compose(c: Config, ours: Config) -> None:
    """Set what is unset; put our items behind those of lists, and into mappings and sets."""
    for name, section in ours.items():
        for trait, value in section.items():
            add(c[name], trait, value)


def add(section: Config, trait: str, ours: Any) -> None:  # noqa: ANN401 -- a trait of any type
    """Add to one trait. Of a mapping, keys that are there keep their values."""
    if isinstance(ours, list):
        section[trait] = _with_items(contents(section, trait, []), ours)
    elif isinstance(ours, dict):
        section[trait] = {**ours, **contents(section, trait, {})}
    elif isinstance(ours, set):
        section[trait] = contents(section, trait, set()) | ours
    elif not is_set(section, trait):
        section[trait] = ours


def is_set(section: Mapping[str, object], trait: str) -> bool:
    """Say whether a trait has a value. One that was read or added to has none yet."""
    return trait in section and not isinstance(section[trait], LazyConfigValue)


def contents(section: Config, trait: str, empty: _Container) -> _Container:
    """Return what a list, mapping or set has been given so far, in a container of its own."""
    value = section.get(trait, empty)
    if isinstance(value, LazyConfigValue):
        # Of a copy: it would remember the answer, and forget what is added afterwards.
        value = copy.deepcopy(value).get_value(empty)
    return type(empty)(value)


def _with_items(theirs: list[Any], ours: Iterable[Any]) -> list[Any]:
    return [*theirs, *(each for each in ours if each not in theirs)]
