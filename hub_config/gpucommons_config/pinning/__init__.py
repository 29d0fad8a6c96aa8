"""What ``gpucommons catalogue pin`` does: tags are looked up and written down by digest."""
