"""What measures how busy sessions' GPUs are: one module each."""
