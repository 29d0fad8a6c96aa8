"""Puts the parts of GPU Commons together: one hub configuration, one command."""

from gpucommons_config.hub import defaults
from gpucommons_config.installation import installation

__all__ = ["defaults", "installation"]
