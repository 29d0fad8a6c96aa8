"""Dex, the one door: an OIDC issuer. Its accounts are made with the account commands."""

import yaml
from gpucommons_contract.brand import Appearance

from gpucommons_local.hub.observability import DEX_METRICS
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.certificates import certificate_files, trusting
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.programs import program
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program

CLIENT_ID = "gpucommons-hub"
DEX_PAGES = checkout() / "authenticator" / "dex_pages"
"""Dex's pages, as its ``frontend.dir``."""


def dex(instance: Instance, secrets: Secrets) -> Program:
    """Return Dex, which keeps its state as objects of the cluster."""
    file = instance.state / "dex.yaml"
    discovery = f"{instance.issuer}/.well-known/openid-configuration"
    return Program(
        "dex",
        [str(program("dex")), "serve", str(file)],
        ("curl", *trusting(instance), "-fsS", "-m", "5", "-o", "/dev/null", discovery),
        files={file: yaml.safe_dump(_configuration(instance, secrets))},
        sources=(DEX_PAGES, *(certificate_files(instance).served if instance.https else ())),
    )


def frontend(appearance: Appearance, logo: str) -> dict[str, object]:
    """Return what has Dex look like the hub. logo: address of its picture, for browsers."""
    return {
        "dir": str(DEX_PAGES),
        "issuer": appearance.lab_name,
        "logoURL": logo,
        "extra": {"accent": appearance.accent},
    }


def web_headers(hub: str) -> dict[str, str]:
    """Return what Dex tells browsers, as in ``helm-values/``. hub: its address, for the logo."""
    file = checkout() / "helm-values" / "dex" / "base.yaml"
    headers: dict[str, str] = yaml.safe_load(file.read_text())["config"]["web"]["headers"]
    return {name: value.replace(" https:;", f" https: {hub};") for name, value in headers.items()}


def _configuration(instance: Instance, secrets: Secrets) -> dict[str, object]:
    kubeconfig = str(instance.kubeconfigs / "dex.conf")
    return {
        "issuer": instance.issuer,
        "storage": {"type": "kubernetes", "config": {"kubeConfigFile": kubeconfig}},
        "web": _web(instance),
        "telemetry": {"http": DEX_METRICS},
        "frontend": frontend(Appearance(), f"{instance.url}/hub/logo"),
        "logger": {"level": "info"},
        "oauth2": {"skipApprovalScreen": True},
        # A token that nobody used for a week is dead; the hub renews those of active people.
        # It stays the same: the hub is its only client, and has a secret. If each were good once,
        # an answer that is lost on the way would cost the person their login.
        "expiry": {
            "idTokens": "10m",
            "refreshTokens": {
                "validIfNotUsedFor": "168h",
                "absoluteLifetime": "2160h",
                "disableRotation": True,
            },
        },
        "enablePasswordDB": True,
        "staticClients": [
            {
                "id": CLIENT_ID,
                "name": "GPU Commons",
                "secret": secrets.dex_client,
                "redirectURIs": [f"{instance.url}/hub/oauth_callback"],
            }
        ],
    }


def _web(instance: Instance) -> dict[str, object]:
    address, headers = f"127.0.0.1:{instance.dex_port}", web_headers(instance.url)
    if not instance.https:
        return {"http": address, "headers": headers}
    files = certificate_files(instance)
    served = {"tlsCert": str(files.server), "tlsKey": str(files.server_key)}
    return {"https": address, **served, "headers": headers}
