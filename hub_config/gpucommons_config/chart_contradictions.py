"""What contradicts GPU Commons in values of z2jh's chart, told without the hub they would make."""

import copy
from pathlib import Path

from gpucommons_doctor.hub_values import HubValues
from gpucommons_spawner import GPUSpawner
from jupyterhub.app import JupyterHub
from sqlalchemy.exc import ArgumentError
from traitlets import TraitError
from traitlets.config import Config

from gpucommons_config.chart import ChartValues
from gpucommons_config.composition import compose
from gpucommons_config.contradictions import CHECKS, HubSettings, contradictions
from gpucommons_config.contradictions.of_hub import (
    hidden_templates,
    other_spawner,
    proxy_without_saving,
)
from gpucommons_config.hub import defaults
from gpucommons_config.pages.brand import Brand

_IN_THE_IMAGE = (hidden_templates, other_spawner, proxy_without_saving)
"""They look at files and classes that are in the hub's image, and may be nowhere else."""
_OF_HUB = (
    "allow_named_servers",
    "cleanup_servers",
    "concurrent_spawn_limit",
    "db_url",
    "hub_connect_url",
    "services",
)
"""What the others read of JupyterHub itself, but for the class of its spawner."""


def chart_contradictions(values: HubValues, catalogue: Path) -> dict[str, str]:
    """Return what a hub with these values would log when it starts: sentences by their names.

    values: of the chart. catalogue: a copy of the file that the hub reads.
    """
    checks = [each for each in CHECKS if each not in _IN_THE_IMAGE]
    try:
        settings = HubSettings(_hub(values, catalogue), ChartValues(values.chart or {}))
        return {each.name: each.sentence for each in contradictions(settings, checks)}
    except (TraitError, ArgumentError) as error:
        return {"invalid-setting": f"A hub with these values does not start: {error}"}


def _hub(values: HubValues, catalogue: Path) -> JupyterHub:
    """Make a hub that is set as `gpucommons_config.configure` leaves it, as far as it matters."""
    c = Config(copy.deepcopy(dict(values.traits)))
    compose(c, defaults())
    Brand(config=c)  # raises an error for a mistake; its file may be in the hub's pod alone
    c.JupyterHub = Config({name: c.JupyterHub[name] for name in _OF_HUB if name in c.JupyterHub})
    c.JupyterHub.spawner_class = GPUSpawner
    c.GPUSpawner.catalogue_file = str(catalogue)
    # Its classes serve its command line alone; finding them takes longer than all the rest.
    return JupyterHub(config=c, classes=[])
