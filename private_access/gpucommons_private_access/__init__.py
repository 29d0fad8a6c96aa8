"""Lets people's devices reach the entrance, and nothing else, through WireGuard.

It runs in a pod of its own (cluster/private-access) and uses only Python's standard library and the
programs of Debian's packages wireguard-go, wireguard-tools, iproute2 and nftables.
"""
