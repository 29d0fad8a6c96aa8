"""How the hub, its sessions and Kubernetes are called."""
