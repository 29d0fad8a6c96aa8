"""The checks of what is installed: programs, the hub's rights, address and values, and Dex."""
