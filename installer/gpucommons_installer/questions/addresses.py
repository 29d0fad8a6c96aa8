"""Where people reach the installation, and with which certificates."""

from gpucommons_installer import formats
from gpucommons_installer.answers import Answered, Value
from gpucommons_installer.questions.question import Question, if_is

_PATHS_OF_THE_HUB = ("hub", "user", "services", "api", "metrics")
"""Where a hub's proxy sends what is below these, so that nothing else may be there."""


def _beside_the_hub(so_far: Answered) -> str | None:
    if not (hub := str(so_far.get("hub", ""))):
        return None
    return f"dex.{hub.partition('.')[2]}" if hub.count(".") > 1 else f"dex.{hub}"


def _not_the_hub(value: Value, so_far: Answered) -> None:
    host, _, path = str(value).partition("/")
    if host != so_far.get("hub"):
        return
    if not path:
        raise ValueError(f"the hub is at {host}; Dex needs another name, or a path: {host}/dex")
    if (first := path.partition("/")[0]) in _PATHS_OF_THE_HUB:
        raise ValueError(f"/{first} on {host} is the hub's; write another path, such as {host}/dex")


def _as_the_environment_has_them(value: Value, so_far: Answered) -> None:
    if so_far.get("environment") == "dev" and value != "authority":
        raise ValueError(
            "dev has certificates of an authority of its own; write authority, or choose staging"
        )


ADDRESSES = (
    Question(
        "environment",
        "Which environment is it? They differ in size, and dev is small",
        "dev, staging or prod",
        formats.one_of("dev", "staging", "prod"),
        default="prod",
    ),
    Question(
        "hub",
        "Host name of the hub",
        "a name in DNS, such as hub.example.org",
        formats.host_name,
    ),
    Question(
        "dex",
        "Host name of Dex, through which people sign in",
        "another name in DNS, or one with a path, such as hub.example.org/dex",
        formats.host_and_path,
        default=_beside_the_hub,
        rule=_not_the_hub,
    ),
    Question(
        "ingress_class",
        "Ingress class (kubectl get ingressclass)",
        "the name of an IngressClass",
        formats.object_name,
    ),
    Question(
        "certificates",
        "Where do certificates come from?",
        "letsencrypt, authority (the cluster's own) or issuer (a ClusterIssuer that is there)",
        formats.one_of("letsencrypt", "authority", "issuer"),
        default=lambda so_far: "authority" if so_far.get("environment") == "dev" else "letsencrypt",
        rule=_as_the_environment_has_them,
    ),
    Question(
        "issuer",
        "Name of the ClusterIssuer that is there",
        "the name of a ClusterIssuer",
        formats.object_name,
        when=if_is("certificates", "issuer"),
    ),
    Question(
        "issuer_is",
        "Do browsers know its authority? The hub must be told of a private one",
        "public or private",
        formats.one_of("public", "private"),
        default="public",
        when=if_is("certificates", "issuer"),
    ),
)
