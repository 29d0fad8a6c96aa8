"""A short notebook that JupyterLab opens in somebody's first session in a home folder."""
