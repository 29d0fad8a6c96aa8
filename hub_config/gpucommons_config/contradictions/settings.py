"""What a hub is set to, as the checks read it."""

import copy
from dataclasses import dataclass
from typing import Any

from traitlets.config import Config
from traitlets.config.loader import LazyConfigValue

from gpucommons_config.chart import ChartValues


@dataclass(frozen=True, slots=True)
class HubSettings:
    """A hub that has read its configuration, and the values of the chart that installed it.

    hub: a ``JupyterHub``, whose traits have their values; it need not be initialized.
    """

    hub: Any
    chart: ChartValues

    def of_sessions(self, trait: str, nothing: Any) -> Any:  # noqa: ANN401 -- a trait of any type
        """Return what the spawner's trait is set to, under whichever of its classes counts.

        ``nothing`` where it is not set; items that were added to the default are added to that.
        """
        found = Config()
        for name in self.hub.spawner_class.section_names():
            if name in self.hub.config:
                found.merge(copy.deepcopy(self.hub.config[name]))
        value = found.get(trait, nothing)
        return value.get_value(nothing) if isinstance(value, LazyConfigValue) else value

    def set_instead(self, value: str, trait: str) -> str:
        """Say what to set: ``value``, as YAML, in the chart's values, or else ``trait``."""
        return f"Set {value} in the chart's values." if self.chart else f"Set {trait}."
