"""VS Code in the session: started behind its login, and told of figures and notices."""

from gpucommons_lab.vscode.code_server import server

__all__ = ["server"]
