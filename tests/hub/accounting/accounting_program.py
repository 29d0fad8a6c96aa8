"""Accounting as a program of its own beside a hub with our spawner, so that it can be away."""

import sys
from pathlib import Path

import yaml
from gpucommons_contract import ACCOUNTING_SERVICE, PEOPLE_SERVICE

from tests.loopback import request

from ..processes import Program, free_port
from ..spawner.spawn_hub import SpawnHub

_TOKEN, _PEOPLE_TOKEN = "token-of-accounting", "token-of-the-account-commands"
_CONFIG = """
for each in c.JupyterHub.services:
    if each["name"] == "{accounting}":
        each.update(url="http://127.0.0.1:{port}", api_token="{token}", oauth_no_confirm=True)
    if each["name"] == "{people}":
        each.update(api_token="{people_token}")
"""


class AccountingProgram(Program):
    """``config`` makes it a service of the hub; ``serve`` starts it."""

    def __init__(self, folder: Path, kubeconfig: Path) -> None:
        port = free_port()
        self.config = _CONFIG.format(
            port=port,
            token=_TOKEN,
            accounting=ACCOUNTING_SERVICE,
            people=PEOPLE_SERVICE,
            people_token=_PEOPLE_TOKEN,
        )
        self.url = f"http://127.0.0.1:{port}"
        values = folder / "accounting.yaml"
        settings = {
            "db_url": f"sqlite:///{folder / 'accounting.sqlite'}",
            "address": "127.0.0.1",
            "port": port,
        }
        values.write_text(yaml.safe_dump({"Accounting": settings}))
        super().__init__(
            [sys.executable, "-m", "gpucommons_config.command", "usage", "run"],
            f"{self.url}/health",
            folder / "accounting.log",
            {
                "KUBECONFIG": str(kubeconfig),
                "GPUCOMMONS_VALUES": str(values),
                "JUPYTERHUB_SERVICE_NAME": ACCOUNTING_SERVICE,
                "JUPYTERHUB_SERVICE_PREFIX": f"/services/{ACCOUNTING_SERVICE}/",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_API_TOKEN": _TOKEN,
            },
        )

    def serve(self, hub: SpawnHub) -> None:
        """Start it as a service of that hub."""
        self._env |= {"JUPYTERHUB_API_URL": f"{hub.url}/hub/api"}
        self.start()

    def ask(self, path: str) -> dict:
        """Ask its API, as the account commands do."""
        url = f"{self.url}/services/{ACCOUNTING_SERVICE}/api/{path}"
        answer = request("GET", url, headers={"Authorization": f"token {_PEOPLE_TOKEN}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sessions(self, person: str) -> list[dict]:
        """Somebody's sessions of this month and those beside it, the earliest first."""
        return self.ask(f"sessions?since=2026-01-01&until=2099-12-31&person={person}")["sessions"]

    def demand(self, size: str) -> dict:
        sizes = self.ask("demand?since=2026-01-01&until=2099-12-31")["sizes"]
        return next((each for each in sizes if each["size"] == size), {})


def as_people_service(hub: SpawnHub, method: str, path: str) -> int:
    """Call the hub as ``gpucommons user remove`` does."""
    url, headers = f"{hub.url}/hub/api/{path}", {"Authorization": f"token {_PEOPLE_TOKEN}"}
    return request(method, url, headers=headers, timeout=120).status_code
