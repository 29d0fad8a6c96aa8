"""The servers that the commands speak to: the cluster, with Dex's accounts, and the hub."""
