"""What the GPUs do: read through NVML, remembered, and served to pages and Prometheus."""
