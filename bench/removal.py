"""How long somebody who was deleted from the directory can still use the hub.

At default settings, with somebody who asks all the time, the most favourable for them.
"""

import json
import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from tests.hub.browser import Browser
from tests.hub.dex import Dex
from tests.hub.directory import Directory
from tests.hub.login_hub import Hub

_LIMIT_S = 600
_SETTINGS = """
from gpucommons_authenticator import DexOAuthenticator
c.DexOAuthenticator.auth_refresh_age = DexOAuthenticator().auth_refresh_age
c.DexOAuthenticator.group_rules = [{"prefix": "gpu-"}]
c.DexOAuthenticator.connectors = [{"id": "university", "label": "University"}]
"""


def measure() -> list[Figure]:
    """Delete somebody who is signed in, and ask every second until the hub says no."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        directory, hub = Directory(folder), Hub(folder)
        dex = Dex(folder, hub.url)
        config = folder / "dex.json"
        connectors = {"connectors": [directory.connector()]}
        config.write_text(json.dumps(json.loads(config.read_text()) | connectors))
        hub.configure(dex.issuer, _SETTINGS)
        try:
            directory.start()
            directory.found()
            dex.start()
            hub.start()
            seconds = _seconds_until_out(hub, directory)
        finally:
            for each in (hub, dex, directory):
                each.stop()
    title = "Deleted from LDAP to locked out"
    return [Figure("removal", title, seconds, "s", target=300)]


def _seconds_until_out(hub: Hub, directory: Directory) -> float:
    email = directory.add("leaver", "gpu-vision")
    with Browser(hub.url) as browser:
        form = browser.follow("/hub/oauth_login?connector=university")
        browser.follow(browser.come_back(browser.fill_in(form, email)))
    token = hub.token_of(email)
    directory.remove("leaver")
    begin = time.perf_counter()
    while hub.api("GET", "user", token).status_code == 200:
        if time.perf_counter() - begin > _LIMIT_S:
            raise RuntimeError(f"{email} is still in after {_LIMIT_S} s")
        time.sleep(1)
    return time.perf_counter() - begin
