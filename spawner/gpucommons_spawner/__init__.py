"""Catalogue, picker, quota, and the way from a selection to a session pod."""

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.catalogue.file import CatalogueError, load_catalogue
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_spawner.handlers.routes import HANDLERS
from gpucommons_spawner.picker.page import TEMPLATES
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve
from gpucommons_spawner.selection.selection import Selection
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
