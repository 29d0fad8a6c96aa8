"""The culler's pages and API below ``/services/idle/``."""

from gpucommons_culler.web.application import Serving, application
from gpucommons_culler.web.desk import Desk
from gpucommons_culler.web.judge import Judge, View

__all__ = ["Desk", "Judge", "Serving", "View", "application"]
