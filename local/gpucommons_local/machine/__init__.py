"""The machine that the platform runs on: folders, programs, the node's namespaces, processes."""
