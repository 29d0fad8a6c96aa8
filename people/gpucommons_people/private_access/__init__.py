"""Ways in for people's devices, where the installation has private access by WireGuard."""
