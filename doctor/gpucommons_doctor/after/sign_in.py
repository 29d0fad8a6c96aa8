"""The two ways in: a name and a password at Dex's form, or a token."""

from dataclasses import dataclass, field
from typing import Protocol

import httpx

from gpucommons_doctor.after.hub import Hub
from gpucommons_doctor.after.page import Form, Page
from gpucommons_doctor.after.step import StepFailedError

_USER, _PASSWORD = "login", "password"
"""Fields of Dex's form, the same for all connectors that take passwords."""


class Login(Protocol):
    """How somebody signs in."""

    async def sign_in(self, hub: Hub) -> str:
        """Sign in; returns in a sentence how that went. Raises StepFailedError."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """With a token that JupyterHub made for a person."""

    value: str = field(repr=False)

    async def sign_in(self, hub: Hub) -> str:
        """Show the token."""
        await hub.show_token(self.value)
        return f"The token is that of {hub.person}. Dex was not asked."


@dataclass(frozen=True, slots=True)
class Password:
    """At the form that Dex shows, as in a browser.

    connector: its id at Dex, followed where Dex asks which one.
    """

    user: str
    password: str = field(repr=False)
    connector: str

    async def sign_in(self, hub: Hub) -> str:
        """Go from the hub to Dex, fill in the form, and come back."""
        # Not to the hub's first page, which may start the person's own session.
        back = {"next": f"{hub.base_path}/hub/home"}
        answer = await hub.browser.get(f"{hub.address}/hub/oauth_login", params=back)
        form = await self._form(hub, answer)
        fields = form.fields | {_USER: self.user, _PASSWORD: self.password}
        answer = await hub.browser.post(form.action, data=fields)
        page = Page(answer)
        if page.password_form is not None:
            raise StepFailedError(
                f"Dex does not take the password of {self.user}.",
                f"Try it at {hub.address}. Dex's log says more.",
            )
        if not answer.is_success:
            raise _ended_at(page, answer)
        if not page.url.startswith(f"{hub.address}/hub/"):
            raise StepFailedError(
                f"Signing in led to {page.url.partition('?')[0]}, which is not at --hub.",
                "Give the address of the hub to which Dex leads back.",
            )
        await hub.make_token()
        return f"{hub.person} signed in at {httpx.URL(form.action).host}."

    async def _form(self, hub: Hub, answer: httpx.Response) -> Form:
        """Find the form, on the page itself or behind the link to the connector."""
        page = Page(answer)
        if page.password_form is None and (link := page.link_to(f"/auth/{self.connector}")):
            answer = await hub.browser.get(link)
            page = Page(answer)
        if not answer.is_success:
            raise _ended_at(page, answer)
        if page.password_form is None:
            raise StepFailedError(
                f"{page.url.partition('?')[0]} has no form for a password.",
                "Name a connector of Dex that takes passwords with --connector, or sign in with "
                "--token-file.",
            )
        return page.password_form


def _ended_at(page: Page, answer: httpx.Response) -> StepFailedError:
    said = f": {page.heading}" if page.heading else ""
    return StepFailedError(
        f"Signing in ended at {page.url.partition('?')[0]} with {answer.status_code}{said}.",
        "Look at the logs of hub and Dex. `gpucommons doctor --only dex` looks at Dex.",
    )
