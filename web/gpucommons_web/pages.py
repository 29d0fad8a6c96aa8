"""What all pages of a service do alike. They work without scripts."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from gpucommons_contract.words import phrase

from gpucommons_web.access import forbidden
from gpucommons_web.fields import Fields
from gpucommons_web.handler import BaseHandler

_SAID_COOKIE = "gpucommons-said"
"""Carries a sentence over to the next page."""


class FramedPage(BaseHandler):
    """Draws pages. They work without scripts."""

    def ask_to_sign_in(self) -> None:
        """Lead to the hub, or say that nothing was done."""
        if self.request.method in ("GET", "HEAD"):
            self.redirect(self.get_login_url())
            return
        raise forbidden(
            phrase(
                "Nothing was changed: this page was too old, or you have signed out meanwhile. "
                "Open it again and repeat your action."
            )
        )

    def form(self) -> Fields:
        """Return the fields of the form that was sent."""
        names = self.request.body_arguments
        return {name: self.get_body_arguments(name) for name in names}

    def draw(self, template: str, **values: Any) -> None:  # noqa: ANN401
        """Respond with a page."""
        raise NotImplementedError

    def surroundings(self) -> dict[str, object]:
        """Return what the frame of each page shows or needs."""
        return {
            "person": getattr(self, "person", None),
            "prefix": self.hub_auth.base_url,
            "hub": self.hub_auth.hub_prefix,
            "xsrf": self.xsrf,
            "here": self.request.path.removeprefix(self.hub_auth.base_url),
            "said": self._pop_message(),
        }

    def xsrf(self) -> str:
        """Return what a form has to send with it."""
        return str(self.xsrf_token.decode())

    def go_to(self, path: str, said: str) -> None:
        """Lead to another page, which says what was done."""
        self.set_secure_cookie(
            _SAID_COOKIE,
            said,
            path=self.hub_auth.base_url,
            httponly=True,
            samesite="Lax",
        )
        self.redirect(self.hub_auth.base_url + path, status=HTTPStatus.SEE_OTHER)

    def _pop_message(self) -> str | None:
        said = self.get_secure_cookie(_SAID_COOKIE, max_age_days=1)
        if said is None:
            return None
        self.clear_cookie(_SAID_COOKIE, path=self.hub_auth.base_url)
        return str(said.decode())

    def link(self, **changes: object) -> str:
        """Return the address of this page with other fields; None takes one away."""
        fields: Mapping[str, object] = {**self.query(), **changes}
        kept = {name: value for name, value in fields.items() if value is not None}
        return f"?{urlencode(kept, doseq=True)}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Respond with a page too."""
        message = self.message(status_code, kwargs.get("exc_info"))
        title = (
            phrase("This is not possible") if status_code < 500 else phrase("Something went wrong")
        )
        self.draw("refused.html", title=title, message=message)
