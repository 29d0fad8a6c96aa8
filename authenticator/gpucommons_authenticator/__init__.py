"""Who you are and which groups you are in: signing in to JupyterHub through Dex.

Nothing is imported here before it is asked for: who reads what Dex says does not need the hub.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpucommons_authenticator.dex import DexOAuthenticator
    from gpucommons_authenticator.templates import TEMPLATES

__all__ = ["TEMPLATES", "DexOAuthenticator"]
_MODULES = {"TEMPLATES": "templates", "DexOAuthenticator": "dex"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- what has the name
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
