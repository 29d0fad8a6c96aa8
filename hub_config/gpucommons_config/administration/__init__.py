"""The commands ``gpucommons session`` and ``gpucommons node``, for administrators of the hub."""
