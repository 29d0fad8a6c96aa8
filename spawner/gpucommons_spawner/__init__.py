"""Catalogue, picker, quota, and the way from a selection to a session pod.

Nothing is imported here before it is asked for: who reads a catalogue does not need the hub.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpucommons_spawner.catalogue import Catalogue
    from gpucommons_spawner.catalogue.file import CatalogueError, load_catalogue
    from gpucommons_spawner.catalogue.live import catalogue_in_force
    from gpucommons_spawner.handlers.routes import HANDLERS
    from gpucommons_spawner.handlers.stale_press import lead_stale_presses
    from gpucommons_spawner.lifecycle.who_stops import note_who_stops
    from gpucommons_spawner.picker.landing import landing_page
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
    "landing_page",
    "lead_stale_presses",
    "load_catalogue",
    "note_who_stops",
    "resolve",
]
_MODULES = {
    "HANDLERS": "handlers.routes",
    "TEMPLATES": "picker.page",
    "Catalogue": "catalogue",
    "CatalogueError": "catalogue.file",
    "GPUSpawner": "spawner",
    "Person": "selection.person",
    "Selection": "selection.selection",
    "SelectionError": "selection.errors",
    "catalogue_in_force": "catalogue.live",
    "landing_page": "picker.landing",
    "lead_stale_presses": "handlers.stale_press",
    "load_catalogue": "catalogue.file",
    "note_who_stops": "lifecycle.who_stops",
    "resolve": "selection.resolve",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- what has the name
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
