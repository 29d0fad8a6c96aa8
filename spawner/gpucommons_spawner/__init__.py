"""Catalogue, picker, quota, and the way from a selection to a session pod."""

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.catalogue_file import CatalogueError, load_catalogue
from gpucommons_spawner.handlers import HANDLERS
from gpucommons_spawner.live_catalogue import catalogue_in_force
from gpucommons_spawner.picker import TEMPLATES
from gpucommons_spawner.selection import Person, Selection, resolve
from gpucommons_spawner.selection_error import SelectionError
from gpucommons_spawner.spawner import GPUSpawner

__all__ = [
    "HANDLERS",
    "TEMPLATES",
    "Catalogue",
    "CatalogueError",
    "GPUSpawner",
    "Person",
    "Selection",
    "SelectionError",
    "catalogue_in_force",
    "load_catalogue",
    "resolve",
]
