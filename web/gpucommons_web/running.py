"""What every service's program does: knows itself at the hub, listens, and ends when it is told."""

import asyncio
import hashlib
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack

from gpucommons_upkeep.errors import SetupError
from tornado.httpserver import HTTPServer
from tornado.web import Application

from gpucommons_web.replicated_oauth import ReplicatedOAuth


def variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that JupyterHub sets for a service. Raises SetupError without it."""
    value = environment.get(name)
    if not value:
        raise SetupError(f"The variable {name} is not set; JupyterHub sets it for a service.")
    return value


def hub_auth(environment: Mapping[str, str], usual_name: str) -> ReplicatedOAuth:
    """Return by what visitors are known. usual_name: the service's, where the hub says no other."""
    name = environment.get("JUPYTERHUB_SERVICE_NAME", usual_name)
    return ReplicatedOAuth(
        api_token=variable(environment, "JUPYTERHUB_API_TOKEN"),
        api_url=variable(environment, "JUPYTERHUB_API_URL"),
        base_url=variable(environment, "JUPYTERHUB_SERVICE_PREFIX"),
        oauth_client_id=f"service-{name}",
        access_scopes={"access:services", f"access:services!service={name}"},
    )


def cookie_secret(title: str, auth: ReplicatedOAuth) -> bytes:
    """Return what signs a service's cookies: of the token, which all its replicas share.

    So a cookie of one is good at the others. title: the service's, such as ``idle culler``.
    """
    return hashlib.sha256(f"gpucommons {title}: cookies\0{auth.api_token}".encode()).digest()


def listen(stack: AsyncExitStack, pages: Application, port: int, address: str) -> None:
    """Serve pages until the stack ends. Raises SetupError for a port that cannot be opened."""
    server = HTTPServer(pages, xheaders=True)
    try:
        server.listen(port, address)
    except OSError as error:
        raise SetupError(f"Port {port} cannot be opened: {error.strerror}") from error
    stack.push_async_callback(_close, server)


async def until_signal() -> None:
    """Wait for a signal to stop."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    await ended.wait()


async def end(task: "asyncio.Task[None]") -> None:
    """End a task, and wait until it has."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _close(server: HTTPServer) -> None:
    server.stop()
    await server.close_all_connections()
