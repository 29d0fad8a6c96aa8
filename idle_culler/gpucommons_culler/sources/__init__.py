"""Where signals come from: a class for each, which asks once for all sessions."""

from gpucommons_culler.sources.kubelet import KubeletSource
from gpucommons_culler.sources.prometheus import PrometheusSource
from gpucommons_culler.sources.source import Reading, Source, SourceError

__all__ = ["KubeletSource", "PrometheusSource", "Reading", "Source", "SourceError"]
