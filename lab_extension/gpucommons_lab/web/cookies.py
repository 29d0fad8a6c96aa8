"""The cookie with which pages prove that a request is theirs: for HTTPS alone, as all others."""

import json
from collections.abc import Mapping
from typing import Any

_OPTIONS = "JUPYTERHUB_COOKIE_OPTIONS"
"""What the hub has sessions add to their cookies, as JSON; JupyterHub adds it to all others."""
_ADDRESS = "JUPYTERHUB_PUBLIC_URL"
_OF_XSRF = "xsrf_cookie_kwargs"


def secure_xsrf_cookie(settings: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Mark the cookie ``_xsrf`` as Secure where the hub says that people come by HTTPS.

    settings: of Tornado's application; what is set there stays.
    Source: jupyterhub/_xsrf_utils.py and services/auth.py of JupyterHub 6.1.
    """
    if _comes_by_https(environment):
        settings[_OF_XSRF] = {"secure": True, **settings.get(_OF_XSRF, {})}


def _comes_by_https(environment: Mapping[str, str]) -> bool:
    try:
        options = json.loads(environment.get(_OPTIONS) or "{}")
    except ValueError:
        options = {}
    said = options.get("secure") if isinstance(options, dict) else None
    return bool(said) if said is not None else environment.get(_ADDRESS, "").startswith("https:")
