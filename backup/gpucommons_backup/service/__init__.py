"""The JupyterHub service ``files``: gives people earlier versions of their files. It only reads."""
