"""How long somebody who was deleted, from a directory or from Dex, can still use the hub.

At default settings, with somebody who asks all the time, the most favourable for them.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figure import Figure
from tests.account_commands import LIN, Commands
from tests.hub.browser import Browser
from tests.hub.dex import Dex
from tests.hub.directory import Directory
from tests.hub.login_hub import Hub
from tests.people import SignedIn
from tests.platform import GPUCOMMONS, look_at

_NAME, _PORT = "bench", 18300
_LIMIT_S = 600
_SETTINGS = """
from gpucommons_authenticator import DexOAuthenticator
c.DexOAuthenticator.auth_refresh_age = DexOAuthenticator().auth_refresh_age
c.DexOAuthenticator.group_rules = [{"prefix": "gpu-"}]
c.DexOAuthenticator.connectors = [{"id": "university", "label": "University"}]
"""


def measure() -> list[Figure]:
    """Delete somebody who is signed in, and ask every second until the hub says no."""
    titles = {
        "removal": ("Deleted from LDAP to locked out", _from_directory),
        "removal-dex": ("Deleted from Dex's own store to locked out", _from_dex),
    }
    return [
        Figure(name, title, seconds(), "s", target=300) for name, (title, seconds) in titles.items()
    ]


def _from_dex() -> float:
    """Delete the account alone, on a local platform: the command would tell the hub at once."""
    subprocess.run([GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
    try:
        platform = look_at(_NAME)
        commands = Commands(platform)
        commands.leave_nothing_of_lin()
        lin = SignedIn(platform, commands.add_lin("students"))
        accounts = json.loads(platform.kubectl("get", "passwords", "-n", "dex", "-o", "json"))
        (account,) = (each for each in accounts["items"] if each["email"] == LIN)
        platform.kubectl("delete", "password", account["metadata"]["name"], "-n", "dex")
        seconds = _until_out(lambda: lin.api.get("/user").status_code)
        lin.close()
        commands.leave_nothing_of_lin()
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)
    return seconds


def _from_directory() -> float:
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
            token = _member(hub, directory)
            directory.remove("leaver")
            return _until_out(lambda: hub.api("GET", "user", token).status_code)
        finally:
            for each in (hub, dex, directory):
                each.stop()


def _member(hub: Hub, directory: Directory) -> str:
    """Let somebody of the directory sign in; returns their token."""
    email = directory.add("leaver", "gpu-vision")
    with Browser(hub.url) as browser:
        form = browser.follow("/hub/oauth_login?connector=university")
        browser.follow(browser.come_back(browser.fill_in(form, email)))
    return hub.token_of(email)


def _until_out(ask: Callable[[], int]) -> float:
    begin = time.perf_counter()
    while ask() == 200:
        if time.perf_counter() - begin > _LIMIT_S:
            raise RuntimeError(f"Still in after {_LIMIT_S} s")
        time.sleep(1)
    return time.perf_counter() - begin
