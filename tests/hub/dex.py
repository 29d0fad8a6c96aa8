"""A real Dex with a password store, for logins in tests."""

import json
from pathlib import Path

from gpucommons_contract.brand import Appearance
from gpucommons_local.hub.dex import frontend, web_headers
from gpucommons_local.machine.programs import program

from .processes import Program, free_port

CLIENT_ID = "gpucommons"
CLIENT_SECRET = "a-secret-that-no-log-may-hold"
PASSWORD = "password"
_HASH = "$2a$10$2b2cU8CPhOTaGrs1HRQuAueS7JTT5ZHsHSzYiFPm1leZck7Mc8T4W"  # bcrypt of PASSWORD
PEOPLE = {
    "ada@example.org": ["vision"],
    "grace@example.org": ["vision", "staff"],
    "guest@example.org": ["visitors"],
    "Mixed.Case@example.org": ["vision"],
}


class Dex(Program):
    """Dex at issuer; the hub that may use it lives at hub_url.

    It keeps everything in memory: a restart forgets keys and refresh tokens.
    """

    def __init__(
        self,
        folder: Path,
        hub_url: str,
        *,
        people: dict[str, list[str]] = PEOPLE,
        port: int | None = None,
        issuer: str = "",
        expiry: dict[str, object] | None = None,
        certificate: tuple[Path, Path] | None = None,
        telemetry: int | None = None,
    ):
        """people: the groups of each. issuer: where Dex is known, if that is not its own port.
        expiry: as in Dex's configuration. certificate: with its key, to speak HTTPS. telemetry: a
        port for its metrics.
        """
        address = f"127.0.0.1:{port or free_port()}"
        url = f"{'https' if certificate else 'http'}://{address}/dex"
        self.issuer = issuer or url
        config = folder / "dex.json"  # JSON is YAML
        said = _config(self.issuer, address, hub_url, people)
        if certificate:
            file, key = certificate
            said["web"] = {
                "https": address,
                "tlsCert": str(file),
                "tlsKey": str(key),
                "headers": web_headers(hub_url),
            }
        if telemetry:
            said["telemetry"] = {"http": f"127.0.0.1:{telemetry}"}
        config.write_text(json.dumps(said | ({"expiry": expiry} if expiry else {})))
        super().__init__(
            [str(program("dex")), "serve", str(config)],
            f"{url}/healthz",
            folder / "dex.log",
            {},
        )


def _config(
    issuer: str, address: str, hub_url: str, people: dict[str, list[str]]
) -> dict[str, object]:
    client = {
        "id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "name": "GPU Commons",
        "redirectURIs": [f"{hub_url}/hub/oauth_callback"],
    }
    return {
        "issuer": issuer,
        "storage": {"type": "memory"},
        "web": {"http": address, "headers": web_headers(hub_url)},
        "frontend": frontend(Appearance("Vision Lab", "#7b2d8e"), f"{hub_url}/hub/logo"),
        "oauth2": {"skipApprovalScreen": True},
        "staticClients": [client],
        "enablePasswordDB": True,
        "staticPasswords": [
            {
                "email": email,
                "hash": _HASH,
                "username": email.split("@")[0],
                "userID": f"id-of-{email}",
                "groups": groups,
            }
            for email, groups in people.items()
        ],
    }
