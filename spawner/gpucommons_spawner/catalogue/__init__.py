"""The catalogue: what people may choose, who may, and how much at once.

These are the shapes; ``catalogue_file`` reads them from YAML. Everything is read-only.
"""

from gpucommons_spawner.catalogue.allowance import Allowance, Quotas
from gpucommons_spawner.catalogue.catalogue import Catalogue, Defaults, Priorities
from gpucommons_spawner.catalogue.data import CLAIM_PREFIX, DATA_FOLDER, NFS, Data, data_folder
from gpucommons_spawner.catalogue.environment import CUSTOM, Environment, Version
from gpucommons_spawner.catalogue.idle import IdleRule, IdleRules
from gpucommons_spawner.catalogue.image import allows, has_digest, is_image
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.catalogue.size import Size, Toleration

__all__ = [
    "CLAIM_PREFIX",
    "CUSTOM",
    "DATA_FOLDER",
    "NFS",
    "Allowance",
    "Catalogue",
    "Data",
    "Defaults",
    "Environment",
    "IdleRule",
    "IdleRules",
    "Offer",
    "Priorities",
    "Quotas",
    "Size",
    "Toleration",
    "Version",
    "allows",
    "data_folder",
    "has_digest",
    "is_image",
]
