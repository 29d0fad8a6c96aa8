"""Whom a press on an old page leads to a session that runs meanwhile."""

from types import SimpleNamespace

import pytest
from gpucommons_spawner.handlers import stale_press
from jupyterhub.scopes import parse_scopes
from tornado.web import HTTPError


class Handler:
    """As far as JupyterHub's own looks at it. Ada has a session that runs."""

    def __init__(self, who: str) -> None:
        self.current_user = SimpleNamespace(name=who)
        self.expanded_scopes = {f"servers!user={who}"}
        self.parsed_scopes = parse_scopes(self.expanded_scopes)
        self.request = SimpleNamespace(path="/hub/spawn/ada")
        self.hub = SimpleNamespace(base_url="/hub/")
        self.db = None

    def find_user(self, _name):
        return SimpleNamespace(spawners={"": SimpleNamespace(active=True)})

    def get_body_argument(self, _name, default):
        return default

    def redirect(self, url):
        return url


async def _press(who: str) -> str:
    return await stale_press._led(Handler(who), user_name="ada", server_name="", display_name="")


async def test_a_press_for_one_s_own_session_leads_to_what_runs():
    assert await _press("ada") == "/hub/home"


async def test_nobody_learns_by_a_press_whether_another_has_a_session():
    with pytest.raises(HTTPError) as told:
        await _press("ben")
    assert told.value.status_code == 404
