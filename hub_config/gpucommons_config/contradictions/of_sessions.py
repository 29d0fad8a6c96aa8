"""Settings of sessions that contradict GPU Commons.

Each check returns a sentence or more: what was set, why it does harm, what to set instead.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from kubernetes_asyncio.client import V1Container

from gpucommons_config.contradictions.settings import HubSettings

_BY_CATALOGUE = ("options_form", "options_from_form", "apply_user_options")
_COMPONENT = "singleuser-server"
"""Network policies of teams and the account commands know sessions by it; KubeSpawner's own."""
_QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
_CLAIM = "{pvc_name}"
"""In KubeSpawner's volumes: the claim that it makes for a person."""
_GPU_LABELS = "nvidia.com/"


def privileged_init_container(settings: HubSettings) -> str | None:
    """Namespaces of teams take no privileged containers."""
    containers = _items(settings.of_sessions("init_containers", []))
    named = [name for name, privileged in map(_name_and_privilege, containers) if privileged]
    if not named:
        return None
    return (
        f"Each session has the privileged init container {' and '.join(named)}, and the namespaces "
        'of teams accept pods of the standard "restricted" only: every start is refused. Their '
        "network policies keep sessions from the cloud's metadata already. "
        + settings.set_instead(
            "singleuser.cloudMetadata.blockWithIptables: false, and nothing privileged as "
            "singleuser.initContainers",
            "KubeSpawner.init_containers to a list without it",
        )
    )


def profiles(settings: HubSettings) -> str | None:
    """The catalogue has taken the place of profiles."""
    if not settings.of_sessions("profile_list", []):
        return None
    return (
        "KubeSpawner.profile_list is set: nobody is offered these profiles, and a start that names "
        "one is refused. Move them into the catalogue, as environments and sizes. "
        + settings.set_instead("singleuser.profileList: []", "KubeSpawner.profile_list to []")
    )


def options_past_the_catalogue(settings: HubSettings) -> str | None:
    """What is chosen is checked in one place."""
    named = [trait for trait in _BY_CATALOGUE if settings.of_sessions(trait, None) is not None]
    if not named:
        return None
    return (
        f"{' and '.join(f'Spawner.{trait}' for trait in named)} replaces the page of GPU Commons, "
        "or its check of what was chosen: people do not choose from the catalogue, and what they "
        "ask for may be more than it offers. Leave it unset; a Spawner.pre_spawn_hook "
        "may add to what was chosen."
    )


def user_namespaces(settings: HubSettings) -> str | None:
    """A team is a namespace; a person has none."""
    if not settings.of_sessions("enable_user_namespaces", nothing=False):
        return None
    return (
        "KubeSpawner.enable_user_namespaces is true: the hub may not create namespaces, so every "
        "start fails. Teams replace them. Leave it unset, and add teams with "
        "`gpucommons team add`."
    )


def component_label(settings: HubSettings) -> str | None:
    """Sessions are known by a label."""
    label = settings.of_sessions("component_label", _COMPONENT)
    if label == _COMPONENT:
        return None
    return (
        f"KubeSpawner.component_label is {label}: the network policies of teams connect "
        f"only pods with the component {_COMPONENT} to the hub and the proxy. "
        "Leave it unset."
    )


def queue_label(settings: HubSettings) -> str | None:
    """The hub must know of the queue to wait for it."""
    labels = settings.of_sessions("extra_labels", {})
    if not isinstance(labels, Mapping) or _QUEUE_LABEL not in labels:
        return None
    return (
        f"KubeSpawner.extra_labels sets {_QUEUE_LABEL}: sessions without a GPU wait in the queue, "
        "too, and a hub without GPUSpawner.queue gives up whatever waits. "
        + settings.set_instead(
            f"hub.config.GPUSpawner.queue: {labels[_QUEUE_LABEL]}, instead of the label,",
            f"GPUSpawner.queue to {labels[_QUEUE_LABEL]}, and take the label out",
        )
    )


def gpu_nodes_for_all(settings: HubSettings) -> str | None:
    """What every session asks of its node, sessions without a GPU ask as well."""
    terms = _items(settings.of_sessions("node_affinity_required", []))
    keys = [*settings.of_sessions("node_selector", {}), *_keys(terms)]
    named = [key for key in dict.fromkeys(keys) if key.startswith(_GPU_LABELS)]
    if not named:
        return None
    return (
        f"Every session asks for nodes by {' and '.join(named)}: those without a GPU also "
        "fill the nodes that have GPUs. In the catalogue, set the label as node_selector of the "
        "sizes that need it, and take it out of "
        + (
            "singleuser.nodeSelector and singleuser.extraNodeAffinity."
            if settings.chart
            else "KubeSpawner.node_selector and KubeSpawner.node_affinity_required."
        )
    )


def files_not_kept(settings: HubSettings) -> str | None:
    """The hub makes a claim for each person; a session that does not mount it keeps nothing."""
    volumes = settings.of_sessions("volumes", None)
    claims = {_CLAIM, settings.of_sessions("pvc_name_template", _CLAIM)}
    if volumes is None or any(_may_be_workspace(each, claims) for each in _items(volumes)):
        return None
    return (
        f"No volume of KubeSpawner.volumes is the claim {_CLAIM}, which the hub makes for each "
        "person in a team: what people save is lost with the session, and one that mounts another "
        "claim waits for it where the team's namespace has none. "
        + settings.set_instead(
            "singleuser.storage.type: dynamic",
            f"the claimName of one to {_CLAIM}, or leave KubeSpawner.volumes unset",
        )
    )


def _name_and_privilege(container: Any) -> tuple[str, bool]:  # noqa: ANN401 -- see _items
    """z2jh adds an object of the client; in values a container is a mapping."""
    if isinstance(container, V1Container):
        of_object = container.security_context
        return str(container.name), bool(of_object and of_object.privileged)
    if not isinstance(container, Mapping):
        return "", False  # another object of the client: not looked into
    context = container.get("securityContext") or {}
    return str(container.get("name")), bool(context.get("privileged"))


def _may_be_workspace(volume: Any, claims: Container[str]) -> bool:  # noqa: ANN401 -- see _items
    if not isinstance(volume, Mapping):
        return True  # an object of the client: not looked into
    claim = volume.get("persistentVolumeClaim") or {}
    return claim.get("claimName") in claims


def _keys(terms: Iterable[Any]) -> Iterator[str]:
    for term in (each for each in terms if isinstance(each, Mapping)):
        for expression in term.get("matchExpressions") or ():
            if expression.get("operator") in {"In", "Exists"}:
                yield str(expression.get("key"))


def _items(items: Any) -> list[Any]:  # noqa: ANN401 -- as KubeSpawner takes them
    """Return items of a list, which KubeSpawner also takes as a mapping by names of their own."""
    return list(items.values() if isinstance(items, Mapping) else items)
