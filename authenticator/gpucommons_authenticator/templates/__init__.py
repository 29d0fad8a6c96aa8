"""The pages of signing in and out, for JupyterHub.template_paths."""

from pathlib import Path

TEMPLATES = Path(__file__).parent
"""The folder of the templates. They extend JupyterHub's own."""
