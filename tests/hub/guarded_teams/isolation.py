"""Isolation: the node, accounts, sessions of others, and what else is in the namespace."""

from .objects import IMAGE, ingress, pod, secured, service, volume
from .request import (
    CLOSED,
    CONTROLLER,
    CORE,
    EDITOR,
    INGRESSES,
    NETWORK_POLICIES,
    PEOPLE,
    SERVICES,
    SESSION,
    Request,
    beside,
    isolated,
    of_a_session,
)

REFUSED = (
    # The node
    isolated(
        "a folder of the node",
        "not hostPath or others: more.",
        **volume(hostPath={"path": "/"}),
    ),
    isolated("the node's network", "does not share the node's network", hostNetwork=True),
    isolated("the node's processes", "does not share the node's network", hostPID=True),
    isolated("the node's IPC", "does not share the node's network", hostIPC=True),
    isolated(
        "a port of the node",
        "Leave out hostPort.",
        container={"ports": [{"containerPort": 80, "hostPort": 80}]},
    ),
    isolated(
        "a privileged container",
        "Leave out privileged and procMount.",
        container={"securityContext": {"privileged": True}},
    ),
    isolated(
        "a capability",
        "Leave out capabilities.add.",
        container=secured(capabilities={"add": ["SYS_ADMIN"]}),
    ),
    isolated(
        "privileges gained later",
        "Write allowPrivilegeEscalation: false",
        container={"securityContext": {}},
    ),
    isolated("a node by name", "Leave out nodeName.", nodeName="gpu-1"),
    isolated(
        "others' nodes by affinity",
        "Leave it out.",
        affinity={
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}}
                ]
            }
        },
    ),
    # Accounts
    isolated(
        "another service account",
        "Leave out serviceAccountName.",
        serviceAccountName="builder",
    ),
    isolated(
        "the token of a service account",
        "Write automountServiceAccountToken: false.",
        automountServiceAccountToken=True,
    ),
    isolated(
        "a projected token",
        "Leave out the projected serviceAccountToken.",
        serviceAccountName="default",
        **volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
    ),
    isolated(
        "a certificate of a service account",
        "Leave out others, such as podCertificate.",
        **volume(
            projected={
                "sources": [
                    {
                        "podCertificate": {
                            "signerName": "kubernetes.io/kube-apiserver-client-pod",
                            "keyType": "ED25519",
                            "credentialBundlePath": "mine",
                        }
                    }
                ]
            }
        ),
    ),
    beside(
        "a Secret with a token",
        "gpucommons-team-tokens",
        "Make Secrets of another type.",
        f"{CORE}/secrets",
        {
            "metadata": {
                "name": "mine",
                "annotations": {"kubernetes.io/service-account.name": "default"},
            },
            "type": "kubernetes.io/service-account-token",
        },
    ),
    beside(
        "a token asked for",
        "gpucommons-team-tokens",
        "Nobody gets a token of a service account in a team's namespace.",
        f"{CORE}/serviceaccounts/builder/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    ),
    # Sessions that run
    of_a_session(
        "a session that is to be one's own",
        "cdi.k8s.io stay as they were made.",
        {"metadata": {"annotations": {"gpucommons.io/user": "bea"}}},
    ),
    of_a_session(
        "a debugging container",
        "A debugging container would see all that a session sees.",
        {"spec": {"ephemeralContainers": [{"name": "debug", "image": IMAGE}]}},
        CLOSED,
        "/ephemeralcontainers",
    ),
    beside(
        "a shell in somebody's session",
        CLOSED,
        "Nobody enters a pod in a team's namespace but through the hub.",
        f"{SESSION}/exec",
        {},
        query=(("command", "sh"),),
    ),
    beside(
        "a way to the ports of a session",
        CLOSED,
        "Nobody enters a pod in a team's namespace but through the hub.",
        f"{SESSION}/portforward",
        {},
        query=(("ports", "8888"),),
    ),
    # Beside pods
    beside(
        "a port of every node",
        "gpucommons-team-services",
        "of type ClusterIP, not NodePort, LoadBalancer or ExternalName.",
        SERVICES,
        service(type="NodePort"),
    ),
    beside(
        "a load balancer",
        "gpucommons-team-services",
        "of type ClusterIP, not NodePort, LoadBalancer or ExternalName.",
        SERVICES,
        service(type="LoadBalancer"),
    ),
    beside(
        "addresses of somebody else",
        "gpucommons-team-services",
        "Leave out externalIPs.",
        SERVICES,
        service(externalIPs=["203.0.113.7"]),
    ),
    beside(
        "the hub's page for signing in, led elsewhere",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        INGRESSES,
        ingress("/hub/login", **{"nginx.ingress.kubernetes.io/permanent-redirect": "https://x.y"}),
    ),
    beside(
        "an Ingress of an administrator, led elsewhere",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        f"{INGRESSES}/of-administrators",
        {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/permanent-redirect": "x"}}},
        method="PATCH",
    ),
    beside(
        "another page in an Ingress of an administrator",
        "gpucommons-team-ingresses",
        "An Ingress may take any name and path",
        f"{INGRESSES}/of-administrators",
        {"spec": ingress("/hub/login")["spec"]},
        method="PATCH",
    ),
    beside(
        "a network policy that opens all",
        "gpucommons-team-network",
        "Network policies keep sessions apart",
        NETWORK_POLICIES,
        {"metadata": {"name": "open"}, "spec": {"podSelector": {}, "ingress": [{}]}},
    ),
    beside(
        "no network policy",
        "gpucommons-team-network",
        "Network policies keep sessions apart",
        f"{NETWORK_POLICIES}/default-deny",
        {},
        method="DELETE",
    ),
)

_TRIED = (("dryRun", "All"),)
LET_IN = (
    Request("an empty folder", pod("room", **volume(emptyDir={}))),
    Request(
        "settings as files",
        pod(
            "files",
            **volume(
                projected={
                    "sources": [
                        {"configMap": {"name": "settings"}},
                        {"secret": {"name": "settings"}},
                        {
                            "downwardAPI": {
                                "items": [
                                    {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}
                                ]
                            }
                        },
                    ]
                }
            ),
        ),
    ),
    Request("a service", service(), SERVICES),
    Request(
        "a secret", {"metadata": {"name": "mine"}, "stringData": {"a": "b"}}, f"{CORE}/secrets"
    ),
    Request("a config map", {"metadata": {"name": "mine"}}, f"{CORE}/configmaps"),
    Request(
        "a network policy changed by the account commands",
        {"metadata": {"labels": {"a": "b"}}},
        f"{NETWORK_POLICIES}/default-deny",
        "PATCH",
        PEOPLE,
    ),
    Request(
        "a network policy that goes with its namespace",
        {"dryRun": ["All"]},  # of a deletion, the query does not count beside a body
        f"{NETWORK_POLICIES}/default-deny",
        "DELETE",
        f"{CONTROLLER}:namespace-controller",
    ),
    Request(
        "an Ingress of an administrator, kept by its controller until it has tidied up",
        {"metadata": {"finalizers": ["example.org/load-balancer"]}},
        f"{INGRESSES}/of-administrators",
        "PATCH",
        EDITOR,
        _TRIED,
    ),
)
