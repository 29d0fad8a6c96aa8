"""An origin for each person's sessions, where the installation gives them names of their own."""

from typing import Any

from jupyterhub.utils import subdomain_hook_idna
from traitlets.config import Config

from gpucommons_config.composition import contents, is_set


def keep_sessions_apart(c: Config) -> None:
    """Complete ``JupyterHub.subdomain_host``, when the rest of ``c`` is written; what is set stays.

    Without it, this does nothing. With it, JupyterHub would give each service a name of its own,
    too, to which no link of ours leads. Services are chosen by whoever runs the hub, and stay where
    the hub is; sessions run what people bring.
    """
    hub = c.JupyterHub
    host = hub.get("subdomain_host")
    if not isinstance(host, str) or not host:
        return
    if not is_set(hub, "subdomain_hook"):
        hub.subdomain_hook = session_host
        # What a service says of itself, which knows its path alone; JupyterHub would put the host
        # before it, and refuse who signs in.
        root = hub.get("base_url", "/").strip("/")
        hub.services = [_with_path(each, root) for each in contents(hub, "services", [])]
    if not host.startswith("http:") and not is_set(hub, "cookie_host_prefix_enabled"):
        # Or a session could set the hub's cookies for the whole domain.
        hub.cookie_host_prefix_enabled = True


def session_host(name: str, domain: str, kind: str) -> str:
    """Return where a person's sessions are, or a service: ``ada.hub.example.org``.

    As JupyterHub's own hook ``idna``, but for services. domain: the hub's.
    """
    host: str = domain if kind == "service" else subdomain_hook_idna(name, domain, kind)
    return host


def _with_path(service: dict[str, Any], root: str) -> dict[str, Any]:
    if not service.get("url") or service.get("command"):  # which the hub starts, it tells where
        return service
    path = "/".join(("", *filter(None, (root, "services", service["name"])), "oauth_callback"))
    return {"oauth_redirect_uri": path, **service}
