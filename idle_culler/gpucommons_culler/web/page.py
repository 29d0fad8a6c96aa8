"""What all pages do alike: draw a template inside the hub's frame, and say what was done."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2

from gpucommons_culler.decision import Verdict
from gpucommons_culler.records import EventKind, Scope
from gpucommons_culler.signals import SignalName
from gpucommons_culler.web.asked import Fields
from gpucommons_culler.web.handler import BaseHandler
from gpucommons_culler.web.refused import forbidden
from gpucommons_culler.words import moment, span

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_SAID = "idle-said"
"""The cookie that carries a sentence over to the next page."""
_OFFERED = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
_MINUTE = timedelta(minutes=1)
STATES = {
    Verdict.NEVER: "Not watched",
    Verdict.EXEMPT: "Exempt",
    Verdict.WARMING_UP: "Just started",
    Verdict.KEPT: "Kept",
    Verdict.ACTIVE: "In use",
    Verdict.UNKNOWN: "Not known",
    Verdict.IDLE: "Idle",
    Verdict.IDLE_HELD: "Idle, holds GPU memory",
}
"""What people read for a verdict."""


def lengths_to_keep(left: timedelta) -> list[tuple[str, str]]:
    """Offer lengths of time, as hours for the form and in words."""
    whole = left // _MINUTE * _MINUTE
    lengths = [each for each in _OFFERED if each < whole] + [whole] * (whole > timedelta())
    return [(repr(each / timedelta(hours=1)), span(each)) for each in lengths]


def kind_words(kind: str) -> str:
    """Write what happened: ``Would stop``."""
    return kind.replace("-", " ").capitalize()


def measure_words(name: str) -> str:
    """Write what a signal looks at."""
    return "GPU" if name == SignalName.GPU else name.capitalize()


def session_path(user: str, server: str = "") -> str:
    """Answer the part of an address that names a session."""
    return "/".join(quote(part, safe="") for part in (user, server) if part)


_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_pages.filters.update(kind=kind_words, measure=measure_words, span=span)
_pages.globals.update(
    states=STATES,
    kinds=list(EventKind),
    scopes=list(Scope),
    lengths_to_keep=lengths_to_keep,
    session_path=session_path,
)


class PageHandler(BaseHandler):
    """Draws pages. They work without scripts."""

    def ask_to_sign_in(self) -> None:
        """Lead to the hub, or say that nothing was done."""
        if self.request.method in ("GET", "HEAD"):
            self.redirect(self.get_login_url())
            return
        raise forbidden(
            "Nothing was done: this page was too old, or you have signed out meanwhile. "
            "Open it again and repeat what you did."
        )

    def form(self) -> Fields:
        """Answer the fields of the form that was sent."""
        names = self.request.body_arguments
        return {name: self.get_body_arguments(name) for name in names}

    def for_administrators(self) -> None:
        """Refuse everybody else."""
        if not self.person.administers:
            raise forbidden("This page is for administrators. Your own sessions are listed here.")

    def draw(self, template: str, **values: Any) -> None:  # noqa: ANN401
        """Answer with a page."""
        now = self.desk.now()
        self.finish(
            _pages.get_template(template).render(
                values,
                now=now,
                at=lambda when: moment(when, now),
                person=getattr(self, "person", None),
                dry_run=self.site.dry_run,
                prefix=self.hub_auth.base_url,
                hub=self.hub_auth.hub_prefix,
                xsrf=self.xsrf,
                here=self.request.path.removeprefix(self.hub_auth.base_url),
                said=self._said(),
            )
        )

    def xsrf(self) -> str:
        """Answer what a form has to send with it."""
        return str(self.xsrf_token.decode())

    def go_to(self, path: str, said: str) -> None:
        """Lead to another page, which says what was done."""
        self.set_secure_cookie(
            _SAID,
            said,
            path=self.hub_auth.base_url,
            httponly=True,
            samesite="Lax",
            secure=self.request.protocol == "https",
        )
        self.redirect(self.hub_auth.base_url + path, status=HTTPStatus.SEE_OTHER)

    def _said(self) -> str | None:
        said = self.get_secure_cookie(_SAID, max_age_days=1)
        if said is None:
            return None
        self.clear_cookie(_SAID, path=self.hub_auth.base_url)
        return str(said.decode())

    def link(self, **changes: object) -> str:
        """Answer the address of this page with other fields; None takes one away."""
        fields: Mapping[str, object] = {**self.query(), **changes}
        kept = {name: value for name, value in fields.items() if value is not None}
        return f"?{urlencode(kept, doseq=True)}"

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401
        """Answer with a page too."""
        message = self.message(status_code, kwargs.get("exc_info"))
        title = "This is not possible" if status_code < 500 else "Something went wrong"
        self.draw("refused.html", title=title, message=message)


class NothingHere(PageHandler):
    """An address that does not exist."""

    async def prepare(self) -> None:
        """Answer everybody alike."""
        self.send_error(HTTPStatus.NOT_FOUND)


def utc_day(when: datetime) -> str:
    """Write a day for a form's field."""
    return f"{when.astimezone(UTC):%Y-%m-%d}"
