"""Measurements, with peers beside ours in the same run. `make bench` runs them all."""
