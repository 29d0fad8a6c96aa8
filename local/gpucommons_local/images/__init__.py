"""Container images without a registry and without Docker.

The Containerfiles in images/ are built on a Debian that debootstrap makes, by buildah, into
archives below the cache. An image's reference follows from what goes into it.
"""

from gpucommons_local.images.archives import BuiltImage, build, find_built, plan, stage
from gpucommons_local.images.backup import backup_image
from gpucommons_local.images.compiled import StaticProgram, Wheel
from gpucommons_local.images.image import Files, Image, Ingredient
from gpucommons_local.images.table import (
    BASE,
    DEBIAN,
    DEFAULT_ENVIRONMENTS,
    ENVIRONMENTS,
    HUB,
    IMAGES,
    NODE_AGENT,
    PAUSE,
    SESSION_WHEEL,
    find,
)

__all__ = [
    "BASE",
    "DEBIAN",
    "DEFAULT_ENVIRONMENTS",
    "ENVIRONMENTS",
    "HUB",
    "IMAGES",
    "NODE_AGENT",
    "PAUSE",
    "SESSION_WHEEL",
    "BuiltImage",
    "Files",
    "Image",
    "Ingredient",
    "StaticProgram",
    "Wheel",
    "backup_image",
    "build",
    "find",
    "find_built",
    "plan",
    "stage",
]
