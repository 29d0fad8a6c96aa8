"""A start that is turned down, said so that it reaches the person."""

from http import HTTPStatus

from jupyterhub.spawner import SpawnException


class Refusal(SpawnException):  # type: ignore[misc]  # JupyterHub publishes no types
    """JupyterHub's exception for a start that policy forbids.

    The message reaches the API client as ``message`` and a person on the page.
    JupyterHub does not count it among the failures after which it gives up.
    kind labels the refusal in JupyterHub's metrics: one word.
    """

    def __init__(self, message: str, *, kind: str, status: HTTPStatus) -> None:
        super().__init__(message, reason=kind, status_code=int(status))
        self.jupyterhub_message = message
