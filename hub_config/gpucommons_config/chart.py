"""What z2jh's chart tells the hub that it installs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from gpucommons_doctor.z2jh import at

VALUES = Path("/usr/local/etc/jupyterhub/secret/values.yaml")
"""Where the chart mounts all its values, its own defaults among them, and its release."""


class ChartValues:
    """The values that the chart was installed with; false where no chart installed this hub."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """``values`` as Helm has them, by their keys."""
        self._values = values

    def __bool__(self) -> bool:
        return bool(self._values)

    def at(self, key: str, nothing: Any = None) -> Any:  # noqa: ANN401 -- whatever it is set to
        """Return the value of a key such as ``hub.db.type``; ``nothing`` where it is not set."""
        return at(self._values, key, nothing)


def chart_values() -> ChartValues:
    """Read the values where the chart mounts them."""
    try:
        text = VALUES.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ChartValues({})
    values = yaml.load(text, yaml.CSafeLoader)
    return ChartValues(values if isinstance(values, dict) else {})
