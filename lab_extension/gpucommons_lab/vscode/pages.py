"""Where VS Code leads to: to the session's JupyterLab, the hub and the documentation."""

from collections.abc import Mapping


def session_pages(
    base_url: str, documentation: str, environment: Mapping[str, str]
) -> dict[str, str | None]:
    """List the pages: `lab`, `sessions` (the hub's My sessions), and `documentation`.

    Those of this site are paths, without the host: only a browser knows by which it came. A hub
    with hosts of its own for sessions says where it is. None is a page that is not there.
    """
    hub = environment.get("JUPYTERHUB_BASE_URL")  # ends with a slash, as ``base_url`` does
    host = environment.get("JUPYTERHUB_HOST", "")
    return {
        "lab": f"{base_url}lab",
        "sessions": f"{host}{hub}hub/home" if hub else None,
        "documentation": documentation or None,
    }
