"""The hub, its proxy, and the way in from the machine's loopback."""

import yaml
from gpucommons_contract import PEOPLE_SERVICE
from gpucommons_contract.brand import Appearance
from gpucommons_culler.web.away import away_page

from gpucommons_local.addons.dns_and_storage import STORAGE_CLASS
from gpucommons_local.addons.gpu_processes import GPU_PROCESSES_URL
from gpucommons_local.hub.accounting import accounting_service
from gpucommons_local.hub.backup import files_service, files_url
from gpucommons_local.hub.culler import culler_service
from gpucommons_local.hub.demo import ADMIN_GROUP
from gpucommons_local.hub.dex import CLIENT_ID
from gpucommons_local.hub.observability import metrics_role, metrics_service
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.certificates import certificate_files, trusting
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.programs import KUEUE, built, program
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_HUB_PORT = 8081
TEAM_QUEUE = "sessions"
"""Name of every team's LocalQueue: see people/gpucommons_people/team_base."""
_PROXY_API_PORT = 8001
_HUB_PACKAGES = ("authenticator", "contract", "hub_config", "sessions", "spawner", "upkeep")


def hub_programs(instance: Instance, secrets: Secrets, catalogue: str) -> list[Program]:
    """Return proxy and hub. A change of the hub's sources or settings restarts the hub alone."""
    return [_proxy(instance, secrets), _hub(instance, secrets, catalogue)]


def port_forward(instance: Instance) -> Program:
    """Return what carries the machine's loopback ports into the node."""
    command = [str(BIN / "python"), "-m", "gpucommons_local.machine.port_forward"]
    return Program(
        "port-forward",
        [
            *(*command, instance.name, str(instance.port)),
            *(["https"] if instance.https else []),
            *(["observability"] if instance.observability else []),
        ],
        (
            "curl",
            "-fsSk",
            "-m",
            "5",
            "-o",
            "/dev/null",
            f"https://127.0.0.1:{instance.api_port}/livez",
        ),
        inside=False,
    )


def _proxy(instance: Instance, secrets: Secrets) -> Program:
    hub = f"http://{NODE_ADDRESS}:{_HUB_PORT}"
    errors = instance.state / "proxy-errors"
    served = certificate_files(instance).served if instance.https else ()
    options = zip(("--ssl-cert", "--ssl-key"), served, strict=False)
    return Program(
        "proxy",
        [
            str(program("configurable-http-proxy")),
            "--ip=127.0.0.1",
            f"--port={instance.port}",
            "--api-ip=127.0.0.1",
            f"--api-port={_PROXY_API_PORT}",
            f"--default-target={hub}",
            # A file, which is there also while nothing but the proxy runs.
            f"--error-path={errors}",
            *(f"{option}={file}" for option, file in options),
        ],
        ("curl", "-sS", "-m", "5", "-o", "/dev/null", f"http://127.0.0.1:{_PROXY_API_PORT}/"),
        environment={"CONFIGPROXY_AUTH_TOKEN": secrets.proxy_token},
        files={errors / "error.html": away_page(Appearance())},
        sources=served,
    )


def _hub(instance: Instance, secrets: Secrets, catalogue: str) -> Program:
    folder = instance.state / "hub"
    files = {
        folder / "catalogue.yaml": catalogue,
        folder / "cookie_secret": secrets.secure_cookie if instance.https else secrets.cookie,
        folder / "values.yaml": yaml.safe_dump(_values(instance, secrets)),
    }
    config = checkout() / "hub_config" / "jupyterhub_config.py"
    return Program(
        "hub",
        [str(BIN / "jupyterhub"), f"--config={config}"],
        (
            *("curl", *trusting(instance), "-fsS", "-m", "5", "-o", "/dev/null"),
            f"{instance.url}/hub/api/health",
        ),
        environment={
            "GPUCOMMONS_VALUES": str(folder / "values.yaml"),
            "JUPYTERHUB_CRYPT_KEY": secrets.crypt_key,
            "KUBECONFIG": str(instance.kubeconfigs / "hub.conf"),
        },
        files=files,
        sources=[checkout() / each for each in _HUB_PACKAGES],
        start_limit=90,
    )


def _values(instance: Instance, secrets: Secrets) -> dict[str, object]:
    """Return what this installation sets, in the form of z2jh's ``hub.config``."""
    folder = instance.state / "hub"
    return {
        "JupyterHub": {
            "bind_url": instance.url,
            "hub_bind_url": f"http://{NODE_ADDRESS}:{_HUB_PORT}",
            "db_url": f"sqlite:///{folder / 'jupyterhub.sqlite'}",
            "cookie_secret_file": str(folder / "cookie_secret"),
            "cleanup_servers": False,
            "pid_file": "",
            "services": [
                {"name": PEOPLE_SERVICE, "api_token": secrets.people_token},
                culler_service(secrets),
                accounting_service(secrets),
                files_service(secrets),
                metrics_service(secrets),
            ],
            "load_roles": [metrics_role()],
            **_served_by_https(instance),
        },
        "ConfigurableHTTPProxy": {
            "should_start": False,
            "api_url": f"http://127.0.0.1:{_PROXY_API_PORT}",
            "auth_token": secrets.proxy_token,
        },
        "DexOAuthenticator": {
            "issuer": instance.issuer,
            "client_id": CLIENT_ID,
            "client_secret": secrets.dex_client,
            "oauth_callback_url": f"{instance.url}/hub/oauth_callback",
            **_trusted_in_dex(instance),
            # The groups of an account in Dex are its teams. A right is given by name alone.
            "group_rules": [
                {"connector": "local"},
                {"connector": "local", "exact": ADMIN_GROUP},
            ],
            "admin_groups": [ADMIN_GROUP],
        },
        "GPUSpawner": {
            "catalogue_file": str(folder / "catalogue.yaml"),
            "storage_class": STORAGE_CLASS,
            "storage_capacity": "5Gi",
            # Until Kueue is built, a start that finds no free GPU fails.
            "queue": TEAM_QUEUE if built(KUEUE) else "",
            "gpu_processes_url": GPU_PROCESSES_URL,
            "files_url": files_url(),
        },
    }


def _served_by_https(instance: Instance) -> dict[str, str]:
    """Tell the hub what its proxy has: then links, cookies and headers are as HTTPS wants them."""
    if not instance.https:
        return {}
    files = certificate_files(instance)
    return {"ssl_cert": str(files.server), "ssl_key": str(files.server_key)}


def _trusted_in_dex(instance: Instance) -> dict[str, object]:
    """Return what any installation sets whose Dex has a certificate of an authority of its own."""
    if not instance.https:
        return {}
    return {"http_request_kwargs": {"ca_certs": str(certificate_files(instance).authority)}}
