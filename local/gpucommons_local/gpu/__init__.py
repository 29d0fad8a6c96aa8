"""Simulated GPUs for the local platform: driver, state, and NVIDIA's programs on top."""

from gpucommons_local.gpu.driver import DriverRoot, build
from gpucommons_local.gpu.features import label_changes, labels_from_features
from gpucommons_local.gpu.plugin import GPUStack, expected_allocatable, manifests
from gpucommons_local.gpu.state import DriverState, GPUProcess, GPUState, Slice, Xid
from gpucommons_local.gpu.state_file import StateFile

__all__ = [
    "DriverRoot",
    "DriverState",
    "GPUProcess",
    "GPUStack",
    "GPUState",
    "Slice",
    "StateFile",
    "Xid",
    "build",
    "expected_allocatable",
    "label_changes",
    "labels_from_features",
    "manifests",
]
