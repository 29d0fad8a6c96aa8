"""VS Code in a session: code-server behind jupyter-server-proxy.

The command lines are code-server's own; see `code-server --help` of 4.139.
"""

import shutil
from pathlib import Path
from typing import TypedDict

_PROGRAM = "code-server"
_ICON = Path(__file__).parent / "icons" / "vscode.svg"
_START_TIMEOUT = 60
"""Seconds until code-server must answer; the first start on a cold disk takes several."""


class LauncherEntry(TypedDict):
    """How the launcher shows a proxied program."""

    enabled: bool
    title: str
    icon_path: str
    category: str


class ProxiedServer(TypedDict):
    """The part of jupyter-server-proxy's `ServerProcess` that is used here."""

    command: list[str]
    environment: dict[str, str]
    unix_socket: bool
    absolute_url: bool
    timeout: float
    update_last_activity: bool
    new_browser_tab: bool
    launcher_entry: LauncherEntry


def server() -> ProxiedServer:
    """Describe VS Code to jupyter-server-proxy, which calls this by entry point.

    An open window keeps a socket busy and so is no activity. Login is the hub's
    and the socket belongs to the user, so code-server asks for no password.
    """
    return {
        "command": _command(Path.home()),
        # Where "Open in Browser" of the Ports view leads: this server's own proxy, behind the
        # same login. jupyter-server-proxy fills in one pair of braces and leaves the other.
        "environment": {"VSCODE_PROXY_URI": "{base_url}proxy/{{{{port}}}}/"},
        "unix_socket": True,
        "absolute_url": False,
        "timeout": _START_TIMEOUT,
        "update_last_activity": False,
        "new_browser_tab": True,
        "launcher_entry": {
            "enabled": shutil.which(_PROGRAM) is not None,
            "title": "VS Code",
            "icon_path": str(_ICON),
            # JupyterLab shows the icon of a proxied program among notebooks and consoles only.
            "category": "Notebook",
        },
    }


def _command(folder: Path) -> list[str]:
    """Start code-server on ``folder``; jupyter-server-proxy fills in the braces."""
    return [
        _PROGRAM,
        "--auth=none",
        "--socket={unix_socket}",
        "--socket-mode=600",
        "--session-socket={unix_socket}.session",  # the default lies in the workspace: NFS
        "--abs-proxy-base-path={base_url}vscode",
        "--disable-telemetry",
        "--disable-update-check",
        "--disable-getting-started-override",
        "--disable-workspace-trust",
        str(folder),
    ]
