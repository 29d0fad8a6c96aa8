"""What the hub reads from the API server: watches, single pods, ConfigMaps."""
