"""The commands ``gpucommons backup`` that run what takes snapshots and gives files of them."""
