"""Simulated GPUs for the local platform: driver, state, and NVIDIA's programs on top."""
