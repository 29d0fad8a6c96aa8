"""How a program of the session reaches the session's own Jupyter server, and so its kernels."""

from urllib.parse import urlsplit

from jupyter_server.serverapp import ServerApp

_ANYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 -- what a server may listen on, not ours


def jupyter_connection(server: ServerApp) -> dict[str, str]:
    """Return `address` with the base URL, `token`, and `root`, the folder that paths begin in.

    Below a hub the token is the session's own, which the hub knows.
    """
    reached = server.local_url if server.ip in _ANYWHERE else server.connection_url
    address = urlsplit(reached)._replace(path=server.base_url, query="")
    return {
        "address": address.geturl(),
        "token": server.identity_provider.token,
        "root": server.root_dir,
    }
