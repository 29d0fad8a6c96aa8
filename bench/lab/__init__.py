"""JupyterLab's pages and panel."""
