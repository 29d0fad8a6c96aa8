"""The local platform: GPU Commons on one machine, as a real cluster of one node."""
