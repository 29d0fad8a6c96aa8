"""The commands ``gpucommons catalogue``, and titles of the catalogue for other services."""
