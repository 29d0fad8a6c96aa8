"""Settings of a hub that contradict GPU Commons: each a check, which says what to set instead."""

from gpucommons_config.contradictions.checks import CHECKS, Contradiction, contradictions
from gpucommons_config.contradictions.settings import HubSettings
from gpucommons_config.contradictions.start import warn_at_start

__all__ = ["CHECKS", "Contradiction", "HubSettings", "contradictions", "warn_at_start"]
