"""The default catalogue, fitted to this machine.

Images become the locally built ones, and versions that were not built are shown
as such. Sizes keep their names and limits but request little, so that all of
them can be tried on two cores. Teams may meet on the only node there is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import yaml
from gpucommons_contract.formats.yaml_files import read_document

from gpucommons_local.errors import PlatformError
from gpucommons_local.images import DEFAULT_ENVIRONMENTS, ENVIRONMENTS, Image, find, find_built
from gpucommons_local.machine.cache import checkout

_NOT_BUILT = "Not built on this machine."
_NOT_YET_BUILT = "Not yet built on this machine."
_REQUESTS = {"cpu_request": "100m", "memory_request": "256Mi"}


def local_catalogue(later: Sequence[str] = ()) -> str:
    """Return the catalogue of this machine as YAML.

    later: titles of images that are built after the start, besides the default ones.
    """
    expected = (*DEFAULT_ENVIRONMENTS, *map(find, later))
    catalogue = _checked(checkout() / "hub_config" / "gpucommons_config" / "catalogue.yaml")
    for name, environment in catalogue["environments"].items():
        for version, entry in environment["versions"].items():
            _use_local_image(entry, _image(name, version), expected)
        why = {entry.get("disabled") for entry in environment["versions"].values()}
        if None not in why:
            environment["disabled"] = _NOT_YET_BUILT if _NOT_YET_BUILT in why else _NOT_BUILT
            environment["advice"] = (
                "How far it is: make status"
                if _NOT_YET_BUILT in why
                else f"Build it: make images IMAGES={name}"
            )
    for size in catalogue["sizes"].values():
        size.update(_REQUESTS)
        if size.get("gpu", {}).get("mode") == "mps":
            size["gpu"]["across_teams"] = True
    return yaml.safe_dump(catalogue, sort_keys=False, allow_unicode=True)


def _checked(file: Path) -> dict[str, Any]:
    """Read a catalogue as the hub would. Raises PlatformError with every mistake."""
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.file import (  # noqa: PLC0415 -- takes a second
        CatalogueError,
        checked_catalogue,
    )

    try:
        checked_catalogue(file, utc_today())
    except CatalogueError as error:
        raise PlatformError(f"The catalogue cannot be used.\n{error}") from error
    return cast("dict[str, Any]", read_document(file).value)


def _image(name: str, version: str) -> Image | None:
    return next((e for e in ENVIRONMENTS if (e.name, e.version) == (name, version)), None)


def _use_local_image(entry: dict[str, Any], image: Image | None, expected: Sequence[Image]) -> None:
    built = find_built(image) if image else None
    if built:
        entry["image"] = built.reference
    elif image in expected:
        entry["disabled"] = _NOT_YET_BUILT
    else:
        entry["disabled"] = _NOT_BUILT
