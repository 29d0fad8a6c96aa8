"""What templates say, worked out from the answers. Pure."""

import posixpath
import re
from collections.abc import Mapping, Sequence

from gpucommons_installer.answers import Answers
from gpucommons_installer.secrets import (
    CONNECTOR,
    DIGEST,
    POSTGRESQL_PORT,
    database_host,
    database_port,
    databases,
    files_of_dex,
    hashed_values,
    needed_secrets,
    needed_values,
    variables_of_dex,
)

VERSION = "2026.11"
"""Of the images that images/ and helm-values/ name."""
ISSUERS = {"dev": "gpucommons-dev", "staging": "letsencrypt", "prod": "letsencrypt"}
"""The ClusterIssuer that each environment's values name."""
_API_PORTS = (443, 6443)
"""Where the policies of cluster/ expect the API server."""
_AUTHORITY = "gpucommons-authority"
_DISPLAY = {"scipy": "SciPy", "pytorch": "PyTorch", "tensorflow": "TensorFlow"}
_PURPOSE = {
    "scipy": "Python with NumPy, pandas, SciPy and Matplotlib",
    "pytorch": "Deep learning with PyTorch and CUDA",
    "tensorflow": "Deep learning with TensorFlow and CUDA",
}


def facts(answers: Answers) -> Mapping[str, object]:
    """Return what the templates name, in addition to the answers themselves."""
    issuer = _issuer(answers)
    return {
        "answers": answers,
        "version": VERSION,
        "clone_from_within": posixpath.normpath(posixpath.join("..", answers.clone)),
        "images": _images(answers),
        "callback": f"{answers.hub_url}/hub/oauth_callback",
        "issuer": issuer,
        "issuer_differs": issuer != ISSUERS[answers.environment],
        "own_authority": _is_private(answers),
        "private_authority": _is_private(answers) and answers.environment != "dev",
        "resources": _resources(answers),
        "databases": databases(answers),
        "database_url": f"postgresql+psycopg2://hub@{database_host(answers)}/hub?sslmode=require",
        "group_rules": _group_rules(answers),
        "offered": [
            {"name": each, "display_name": _DISPLAY[each], "description": _PURPOSE[each]}
            for each in answers.environments
        ],
        "shares": answers.shares or 4,
        "connector": CONNECTOR,
        "secrets": needed_secrets(answers),
        "secret_values": needed_values(answers),
        "dex_variables": variables_of_dex(answers),
        "dex_files": files_of_dex(answers),
        "stored": _stored(answers),
        "left_out": (left_out := _left_out(answers)),
        "left_out_selector": ",".join(f"name!={each}" for each in left_out),
        "api_server_elsewhere": is_elsewhere(answers),
        "database_port": database_port(answers),
        "database_elsewhere": database_port(answers) != POSTGRESQL_PORT,
        "hashed": hashed_values(answers),
        "asks_for_secrets": any(not each.made for each in needed_values(answers)),
    }


def is_elsewhere(answers: Answers) -> bool:
    """Whether the API server is at a port that the policies of cluster/ do not let pods reach."""
    return answers.api_port not in _API_PORTS


def _left_out(answers: Answers) -> Sequence[str]:
    """Name the releases of the helmfile that this cluster has already, or does not need."""
    found = {each for present in answers.present for each in _BRINGS[present]}
    if answers.database == "given":
        found.add("cloudnative-pg")
    if answers.queue == "none":
        found.add("kueue")
    return sorted(found)


_BRINGS = {
    "cert-manager": ("cert-manager",),
    "cloudnative-pg": ("cloudnative-pg",),
    "gpu-operator": ("node-feature-discovery", "nvidia-device-plugin"),
    "kueue": ("kueue",),
}


def _images(answers: Answers) -> Sequence[str]:
    agent = ["node-agent"] if "gpu-processes" in answers.parts else []
    snapshots = ["backup"] if answers.has_backups else []
    return ["hub", *answers.environments, *agent, *snapshots]


def _issuer(answers: Answers) -> str:
    if answers.certificates == "issuer":
        return answers.issuer
    if answers.certificates == "letsencrypt":
        return "letsencrypt"
    return ISSUERS["dev"] if answers.environment == "dev" else _AUTHORITY


def _is_private(answers: Answers) -> bool:
    return answers.certificates == "authority" or answers.issuer_is == "private"


def _resources(answers: Answers) -> Sequence[Mapping[str, object]]:
    """Return how many there are of each GPU resource, as the queue counts them.

    Numbers are texts, as Kueue writes them back.
    """
    counted = {
        "nvidia.com/gpu": answers.whole_gpus,
        "nvidia.com/gpu.shared": answers.shared_gpus * answers.shares,
        f"nvidia.com/mig-{answers.mig_profile}": answers.mig_slices,
    }
    return [{"name": name, "nominalQuota": str(count)} for name, count in counted.items() if count]


def _group_rules(answers: Answers) -> Sequence[Mapping[str, str]]:
    """Return which groups are teams: Dex' own accounts', and then the provider's."""
    local = [{"connector": "local"}, {"connector": "local", "exact": "admins"}]
    if (kind := answers.identity_provider) == "none":
        return local
    rules = [*local, {"connector": kind, **_teams(answers)}]
    if answers.admins:
        rules.append({"connector": kind, "exact": answers.admins, "team": "admins"})
    return rules


def _teams(answers: Answers) -> Mapping[str, str]:
    """Return how a group's name becomes a team's. GitHub and Google say whose group it is."""
    prefix = re.escape(answers.group_prefix)
    if answers.identity_provider == "github":
        found = f"{re.escape(answers.github_organization)}:{prefix}(.+)"
        return {"pattern": found, "team": r"\1"}
    if answers.identity_provider == "google":
        return {"pattern": f"{prefix}(.+)@{re.escape(answers.google_domain)}", "team": r"\1"}
    return {"prefix": answers.group_prefix} if answers.group_prefix else {}


def _of_store(text: str) -> str:
    """Write data of a Secret for External Secrets, whose templates hash passwords themselves."""
    text = re.sub(rf"(\w+):{{SHA}}\$\{{(\w+){DIGEST}\}}", r'{{ htpasswd "\1" .\2 }}', text)
    return re.sub(r"\$\{(\w+)\}", r"{{ .\1 }}", text)


def _stored(answers: Answers) -> Sequence[Mapping[str, object]]:
    """Return the Secrets as External Secrets make them of one entry of the store."""
    return [
        {
            "namespace": secret.namespace,
            "name": secret.name,
            "type": secret.type,
            "data": {key: _of_store(text) for key, text in secret.data.items()},
            "values": [
                {"secretKey": each, "remoteRef": {"key": "gpucommons", "property": each}}
                for each in secret.values
            ],
        }
        for secret in needed_secrets(answers)
    ]
