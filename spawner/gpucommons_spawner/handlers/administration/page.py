"""What the pages have in common on which administrators look after sessions and nodes.

They work without scripts.
"""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from gpucommons_contract.words import phrase
from gpucommons_sessions.service_address import service_url
from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import url_path_join
from tornado.web import HTTPError

from gpucommons_spawner.administration.actions import Outcome
from gpucommons_spawner.administration.overview import Overview

PAGE = "gpucommons/sessions"
"""Below the hub's URL."""
_MOST_RESULTS = 100


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a press, for the page that is shown after it."""

    title: str
    outcomes: Sequence[Outcome] = ()
    problem: str = ""

    @property
    def failed(self) -> Sequence[Outcome]:
        """Those for whom it was not done."""
        return [each for each in self.outcomes if not each.done]


class AdministrationHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """What these pages have in common."""

    results: ClassVar[OrderedDict[str, Result]] = OrderedDict()
    """The latest, by the id in the address of the page that shows it."""

    @property
    def overview(self) -> Overview:
        """All sessions, for whoever asks."""
        return Overview(self)

    @property
    def page_url(self) -> str:
        """Where the list is."""
        return str(url_path_join(self.hub.base_url, PAGE))

    def fields(self) -> dict[str, str]:
        """Return what was sent, each field's last value."""
        return {name: self.get_argument(name) for name in self.request.arguments}

    def demand(self, scope: str) -> None:
        """Refuse whoever lacks a scope that is needed besides that for the page."""
        if not self.has_scope(scope):
            raise HTTPError(
                HTTPStatus.FORBIDDEN, phrase("This needs the right %(scope)s.", scope=scope)
            )

    def show(self, result: Result) -> None:
        """Lead to the list, which shows the result once more whenever it is loaded again."""
        key = secrets.token_urlsafe(8)
        self.results[key] = result
        while len(self.results) > _MOST_RESULTS:
            self.results.popitem(last=False)
        self.redirect(f"{self.page_url}?done={key}", status=HTTPStatus.SEE_OTHER)

    async def draw(self, template: str, **values: Any) -> None:  # noqa: ANN401
        """Respond with a page."""
        page = await self.render_template(template, page_url=self.page_url, **values)
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    def has_service(self, name: str) -> bool:
        """Whether the hub has a service with pages."""
        return service_url(self.db, name) is not None
