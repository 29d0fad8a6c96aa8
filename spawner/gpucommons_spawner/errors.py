"""A start that is turned down, said so that it reaches the person."""

from http import HTTPStatus

from jupyterhub.spawner import SpawnException


class SpawnRefusedError(SpawnException):  # type: ignore[misc]  # JupyterHub publishes no types
    """JupyterHub's exception for a start that policy forbids.

    The message reaches the API client as ``message`` and a person on the page.
    JupyterHub does not count it among the failures after which it gives up.
    kind labels the refusal in JupyterHub's metrics: one word. log_message is for the hub's
    log, where it has more to say than the message.
    """

    def __init__(
        self, message: str, *, kind: str, status: HTTPStatus, log_message: str = ""
    ) -> None:
        super().__init__(message, reason=kind, status_code=int(status), log_message=log_message)
        self.jupyterhub_message = message
