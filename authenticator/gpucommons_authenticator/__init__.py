"""Who you are and which groups you are in: signing in to JupyterHub through Dex."""

from gpucommons_authenticator.dex import DexOAuthenticator
from gpucommons_authenticator.templates import TEMPLATES

__all__ = ["TEMPLATES", "DexOAuthenticator"]
