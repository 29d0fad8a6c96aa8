"""The idle culler in the hub: its rules, its service and the command."""
