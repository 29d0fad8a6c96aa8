"""The team folder: one claim in a team's namespace, which all sessions there mount.

The account commands make and grow it, the hub mounts it, and backups take it like a workspace.
"""

TEAM_FOLDER_CLAIM = "team"
"""Name of the claim, the same in each team's namespace."""
TEAM_FOLDER_COMPONENT = "team-folder"
"""Value of the claim's label ``component``, by which it is found."""
TEAM_FOLDER_OWNER = "(team folder)"
"""Where the owner of a workspace is named, the team. No person can be called so."""
