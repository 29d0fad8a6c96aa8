"""Environments of a person's own, in the home folder: their kernels are offered by themselves."""
