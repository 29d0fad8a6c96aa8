"""The default catalogue, fitted to this machine.

Images become the locally built ones, and versions that were not built are shown
as such. Sizes keep their names and limits but request little, so that all of
them can be tried on two cores. Teams may meet on the only node there is.
"""

from typing import Any

import yaml

from gpucommons_local.cache import checkout
from gpucommons_local.images import ENVIRONMENTS, Image, find_built

_REQUESTS = {"cpu_request": "100m", "memory_request": "256Mi"}


def local_catalogue() -> str:
    """Return the catalogue of this machine as YAML."""
    file = checkout() / "hub_config" / "gpucommons_config" / "catalogue.yaml"
    catalogue: dict[str, Any] = yaml.safe_load(file.read_text())
    for name, environment in catalogue["environments"].items():
        for version, entry in environment["versions"].items():
            _use_local_image(entry, _image(name, version), name)
        if all("disabled" in entry for entry in environment["versions"].values()):
            environment["disabled"] = _not_built(name)
    for size in catalogue["sizes"].values():
        size.update(_REQUESTS)
        if size.get("gpu", {}).get("mode") == "mps":
            size["gpu"]["across_teams"] = True
    return yaml.safe_dump(catalogue, sort_keys=False, allow_unicode=True)


def _image(name: str, version: str) -> Image | None:
    return next((e for e in ENVIRONMENTS if (e.name, e.version) == (name, version)), None)


def _use_local_image(entry: dict[str, Any], image: Image | None, name: str) -> None:
    built = find_built(image) if image else None
    if built:
        entry["image"] = built.reference
    else:
        entry["disabled"] = _not_built(name)


def _not_built(name: str) -> str:
    return f"Not built on this machine. Build it: make images IMAGES={name}"
