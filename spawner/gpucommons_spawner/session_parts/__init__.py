"""What the hub does for a session over its life, each thing in a part of its own."""
