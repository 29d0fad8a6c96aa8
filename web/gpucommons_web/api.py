"""What all addresses of an API do alike."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gpucommons_web.access import wrong
from gpucommons_web.fields import Fields
from gpucommons_web.handler import BaseHandler


class JSONHandler(BaseHandler):
    """Responds with JSON: to scripts with a token, and to pages with a cookie and XSRF's token."""

    def ask_to_sign_in(self) -> None:
        """Say how to sign in."""
        self.set_header("WWW-Authenticate", "token")
        self.set_status(HTTPStatus.UNAUTHORIZED)
        self.answer(
            {
                "status": HTTPStatus.UNAUTHORIZED,
                "message": "Send a token of JupyterHub that may use this service, in the header "
                '"Authorization: token …". One is made at /hub/token.',
            }
        )

    def answer(self, value: Mapping[str, object]) -> None:
        """Respond with an object."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(value, default=str))

    def body(self) -> Fields:
        """Return the fields of the JSON object that was sent."""
        try:
            sent = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise wrong(f"Send a JSON object: {error}.") from None
        if not isinstance(sent, dict):
            raise wrong(f"Send a JSON object, not a {type(sent).__name__}.")
        return {name: [value] for name, value in sent.items()}

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Respond with JSON too."""
        message = self.message(status_code, kwargs.get("exc_info"))
        self.answer({"status": status_code, "message": message})
