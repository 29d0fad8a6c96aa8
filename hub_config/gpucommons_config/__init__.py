"""Puts the parts of GPU Commons together: one hub configuration, one command."""

from gpucommons_config.hub import check_catalogue, defaults
from gpucommons_config.installation import installation

__all__ = ["check_catalogue", "defaults", "installation"]
