"""What browsers are told where people reach the hub by HTTPS: to send and load nothing by HTTP."""

from traitlets.config import Config

from gpucommons_config.composition import contents

HEADER = "Strict-Transport-Security"
"""https://www.rfc-editor.org/rfc/rfc6797"""
MAX_AGE_S = 86400
"""A day: who comes every day never comes by HTTP, and a mistake is over tomorrow."""


def tell_browsers_of_https(c: Config) -> None:
    """Add to ``JupyterHub.tornado_settings``, when the rest of ``c`` is written; what is set stays.

    All cookies are Secure, wherever TLS ends. JupyterHub judges by the last proxy before it, which
    speaks HTTP to the one that has the certificate, and never marks the cookie ``_xsrf``. The
    header is added where the hub's own proxy serves HTTPS: any other sends its own.
    """
    hub = c.JupyterHub
    settings = contents(hub, "tornado_settings", {})
    if _is_reached_by_https(c):
        cookies = {"secure": True, **settings.get("cookie_options", {})}
        settings["cookie_options"] = cookies
        settings["xsrf_cookie_kwargs"] = {**cookies, **settings.get("xsrf_cookie_kwargs", {})}
    headers = settings.get("headers", {})
    if hub.get("ssl_cert") and HEADER.lower() not in {each.lower() for each in headers}:
        settings["headers"] = {**headers, HEADER: f"max-age={MAX_AGE_S}"}
    if settings:
        hub.tornado_settings = settings


def _is_reached_by_https(c: Config) -> bool:
    addresses = (c.JupyterHub.get("public_url"), c.DexOAuthenticator.get("oauth_callback_url"))
    return bool(c.JupyterHub.get("ssl_cert")) or any(
        str(each).startswith("https:") for each in addresses
    )
