"""Values of z2jh's chart that contradict GPU Commons, and that only the values show.

Each check returns a sentence or more: what was set, why it does harm, what to set instead.
"""

from gpucommons_config.contradictions.settings import HubSettings

_NAMESPACE = "gpucommons"
"""Where ``cluster/base`` and the network policies of teams have the hub."""
_MAY_ASK_HUB = "hub.jupyter.org/network-access-hub"
_HUB_PORTS = {"http", 8081}


def hub_closed_to_sessions(settings: HubSettings) -> str | None:
    """The chart's policy lets pods of the hub's own namespace in; sessions are in others."""
    policy = "hub.networkPolicy"
    if not settings.chart.at(f"{policy}.enabled") or settings.chart.at(f"{policy}.ingress"):
        return None
    opened = set(settings.chart.at(f"{policy}.allowedIngressPorts", []))
    access = settings.chart.at(f"{policy}.interNamespaceAccessLabels")
    if access == "accept" or opened & _HUB_PORTS:
        return None
    return (
        f"{policy}.interNamespaceAccessLabels is {access}: where the cluster enforces network "
        "policies, sessions in the namespaces of teams cannot reach the hub, and nobody can open "
        f"theirs, unless a policy of yours lets them in. Set {policy}.interNamespaceAccessLabels: "
        "accept in the chart's values."
    )


def sessions_not_let_in(settings: HubSettings) -> str | None:
    """The chart's policy knows by a label which pods may ask the hub."""
    policy = "hub.networkPolicy"
    if settings.chart.at(f"{policy}.interNamespaceAccessLabels") != "accept":
        return None
    labels = settings.of_sessions("extra_labels", {})
    if not settings.chart.at(f"{policy}.enabled") or labels.get(_MAY_ASK_HUB) == "true":
        return None
    return (
        f"Sessions lack the label {_MAY_ASK_HUB}, by which the chart's network policy knows pods "
        "that may ask the hub: nobody can open their session. Set singleuser.extraLabels with "
        f'{_MAY_ASK_HUB}: "true" in the chart\'s values.'
    )


def rights_in_own_namespace(settings: HubSettings) -> str | None:
    """The chart's rights are for sessions next to the hub; ours are in the teams' namespaces."""
    if not settings.chart.at("rbac.create"):
        return None
    return (
        "rbac.create is true: the hub may read, create and delete all Secrets of its own "
        "namespace, including those of the idle culler, and does not need to: cluster/base gives "
        "it its rights. Set rbac.create: false in the chart's values, with "
        "hub.serviceAccount.create: false and hub.serviceAccount.name: hub. Set "
        "scheduling.userScheduler.enabled: false and prePuller.hook.enabled: false too, or give "
        "them rights of their own: they would have none."
    )


def other_namespace(settings: HubSettings) -> str | None:
    """Rights and network policies name the hub's namespace."""
    namespace = settings.chart.at("Release.Namespace", _NAMESPACE)
    if namespace == _NAMESPACE:
        return None
    return (
        f"The hub runs in the namespace {namespace}: the rights of cluster/base are for an account "
        f"in {_NAMESPACE}, and the network policies of teams connect sessions only with "
        f"the hub in {_NAMESPACE}. Install the chart with --namespace {_NAMESPACE}."
    )
