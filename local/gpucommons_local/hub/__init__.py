"""What runs on the cluster for people: hub, Dex, idle culler, demo accounts, catalogue."""
