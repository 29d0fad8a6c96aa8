"""Earlier versions of files, from snapshots of the workspace, among JupyterLab's checkpoints."""
