"""The catalogue's images for z2jh's pre-puller, which cannot read the catalogue. Pure."""

import re
from collections.abc import Collection
from datetime import date
from itertools import chain, count

from gpucommons_spawner.catalogue import Catalogue

_LONGEST_KEY = 40
"""The chart makes a container's name of a key; that may have 63 characters."""


def extra_images(catalogue: Catalogue, today: date) -> dict[str, dict[str, str]]:
    """Answer ``prePuller.extraImages``: each image that can be started, once.

    Source: values.schema.json of the jupyterhub chart 4.4.0: name and tag, by a key.
    """
    found: dict[str, str] = {}
    for name, environment in catalogue.environments.items():
        for version in () if environment.disabled else environment.usable(today):
            found.setdefault(environment.versions[version].image, f"{name}-{version}")
    images: dict[str, dict[str, str]] = {}
    for image, label in found.items():
        images[_key(label, images.keys())] = _name_and_tag(image)
    return images


def _key(label: str, taken: Collection[str]) -> str:
    """Turn into what may be a part of a container's name, and is not taken."""
    plain = re.sub(r"[^a-z0-9-]", "-", label.lower())[:_LONGEST_KEY]
    numbered = (f"{plain}-{number}" for number in count(2))
    return next(key for key in chain([plain], numbered) if key not in taken)


def _name_and_tag(image: str) -> dict[str, str]:
    """Split so that the chart, which writes ``name:tag``, writes the image again."""
    folder, slash, last = image.rpartition("/")
    name, colon, tag = last.partition(":")
    return {"name": folder + slash + name, "tag": tag if colon else "latest"}
