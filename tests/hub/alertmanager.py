"""A real Alertmanager with our routes and messages, and addresses of a test."""

import json
import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml
from gpucommons_config.slo.alertmanager import DEFAULT_FILE, alertmanager_text
from gpucommons_local.machine.packages import ALERT_SERVER, unpacked

from tests.hub.culler.receivers import PASSWORD, USER, ChatReceiver, MailReceiver
from tests.hub.processes import Program, free_port
from tests.unit.monitoring.fired import Fired

_PLACE = "usr/share"
"""Where Debian's Alertmanager has templates of its own, without which it does not start."""
_IN_PLACE = f'mount --bind "$0" /{_PLACE} && exec "$@"'


class Waits(NamedTuple):
    """How long an alert waits for others, and a group until it is told of again."""

    first: str
    between: str

    def of(self, key: str, usual: str) -> str:
        """Return what takes the place of a time of our file."""
        return self.first if key == "group_wait" else self.between


class ShorterWaits(NamedTuple):
    """The waits of our file, shortened by a factor."""

    factor: float

    def of(self, key: str, usual: str) -> str:
        """Return what takes the place of a time of our file."""
        seconds = float(usual[:-1]) * {"s": 1, "m": 60}[usual[-1]]
        return f"{round(1000 * seconds / self.factor)}ms"


HURRIED = Waits("500ms", "500ms")


class Alertmanager(Program):
    """Alertmanager on a loopback port.

    With ``as_object`` its messages are those of the AlertmanagerConfig, which has no templates.
    """

    def __init__(
        self,
        folder: Path,
        mails: MailReceiver,
        chat: ChatReceiver,
        waits: Waits | ShorterWaits = HURRIED,
        *,
        as_object: bool = False,
    ):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = folder / "alertmanager.yaml"
        config.write_text(yaml.safe_dump(_installed(folder, mails, chat, waits, as_object)))
        amtool("check-config", config)
        files = unpacked(ALERT_SERVER)
        apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        command = [
            *(*apart, "sh", "-c", _IN_PLACE, str(files / _PLACE)),
            str(files / "usr/bin/prometheus-alertmanager"),
            f"--config.file={config}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        super().__init__(command, f"{self.url}/-/ready", folder / "alertmanager.log", {})

    def send(self, alerts: Iterable[Fired], since: datetime, until: datetime | None = None) -> None:
        """Say that alerts fire since a moment, or did until one, as Prometheus says it."""
        times = {"startsAt": since.isoformat()} | ({"endsAt": until.isoformat()} if until else {})
        told = [
            {"labels": {"alertname": each.name, **each.labels}, "annotations": each.annotations}
            for each in alerts
        ]
        body = json.dumps([each | times for each in told])
        headers = {"Content-Type": "application/json"}
        httpx.post(f"{self.url}/api/v2/alerts", content=body, headers=headers).raise_for_status()

    def held_back(self) -> set[tuple[str, str]]:
        """Return names and severities of the alerts that others hold back."""
        found = httpx.get(f"{self.url}/api/v2/alerts").raise_for_status().json()
        return {
            (each["labels"]["alertname"], each["labels"]["severity"])
            for each in found
            if each["status"]["inhibitedBy"]
        }


def amtool(*arguments: str | Path) -> str:
    """Run amtool; returns what it prints."""
    command = [unpacked(ALERT_SERVER) / "usr/bin/amtool", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def _installed(
    folder: Path,
    mails: MailReceiver,
    chat: ChatReceiver,
    waits: Waits | ShorterWaits,
    as_object: bool,
) -> dict[str, Any]:
    """Return our file with the addresses of an installation."""
    for name, secret in (("mail-password", PASSWORD), ("chat-url", chat.url)):
        (folder / name).write_text(secret)
    made: dict[str, Any] = yaml.safe_load(DEFAULT_FILE.read_text())
    made["global"] |= {
        "smtp_smarthost": f"localhost:{mails.port}",
        "smtp_auth_username": USER,
        "smtp_auth_password_file": str(folder / "mail-password"),
        "slack_api_url_file": str(folder / "chat-url"),
    }
    made["templates"] = [str(DEFAULT_FILE.parent / each) for each in made["templates"]]
    for receiver in made["receivers"]:
        for mail in receiver.get("email_configs", ()):
            mail["tls_config"] = {"ca_file": str(mails.certificate)}
    for route in made["route"]["routes"]:
        _hurry(route, waits)
    if as_object:
        _take_texts(made)
    return made


def _hurry(route: dict[str, Any], waits: Waits | ShorterWaits) -> None:
    for key in ("group_wait", "group_interval"):
        if key in route:
            route[key] = waits.of(key, route[key])
    for each in route.get("routes", ()):
        _hurry(each, waits)


def _take_texts(made: dict[str, Any]) -> None:
    """Put the texts of the AlertmanagerConfig into a file, in place of those of templates."""
    made["templates"] = []
    told = yaml.safe_load(alertmanager_text())["spec"]["receivers"]
    for receiver in made["receivers"]:
        for each in (each for each in told if each["name"] == receiver["name"]):
            (chat,), (mail,) = each["slackConfigs"], each["emailConfigs"]
            receiver["slack_configs"][0] |= {
                key: chat[key] for key in ("title", "fallback", "text")
            }
            (subject,) = mail["headers"]
            receiver["email_configs"][0] |= {
                "headers": {subject["key"]: subject["value"]},
                "text": mail["text"],
            }
