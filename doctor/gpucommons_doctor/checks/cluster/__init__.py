"""The checks of the cluster itself: its version, nodes, storage, webhooks and API server."""
