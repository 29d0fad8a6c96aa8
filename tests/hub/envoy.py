"""A real Envoy whose configuration is made from our objects, as gateways make theirs from them.

What the objects leave to a gateway is Istio's own, read in pilot/pkg/networking/core of istio/istio
(listener_builder.go, gateway.go, route/route.go), or else Envoy's default.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.test_programs import GATEWAY, test_program

from .processes import Program, free_port

Object = dict[str, Any]
STREAM_IDLE_S = 36
"""What our own pings must outlast. Envoy's default is 300."""
_TYPES = "type.googleapis.com/envoy.extensions"
_MANAGER = f"{_TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"


def objects(folder: str, names: Mapping[str, str]) -> list[Object]:
    """Read the objects of a folder of cluster/, with an installation's names for those in them."""
    found = []
    for file in sorted((checkout() / "cluster" / folder).glob("*.yaml")):
        text = file.read_text()
        for old, new in names.items():
            text = text.replace(old, new)
        found += [each for each in yaml.safe_load_all(text) if each]
    return found


@dataclass(frozen=True)
class Entrance:
    """One of ours: listeners for HTTP and HTTPS."""

    http: Object
    https: Object
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)


def gateway_api(made: Iterable[Object], proxies: int = 0) -> Entrance:
    """Read HTTPRoutes. No timeout of a route leaves Envoy's own, and there is an idle timeout.

    Its implementation's allow-list is read, too. proxies: how many in front of it are trusted.
    """
    found = list(made)
    hosts: dict[str, list[Object]] = {"http": [], "https": []}
    for each in found:
        if each["kind"] != "HTTPRoute":
            continue
        spec = each["spec"]
        routes = [_route_of_rule(rule) for rule in spec["rules"]]
        domains = spec.get("hostnames", ["*"])
        hosts[spec["parentRefs"][0]["sectionName"]].append(
            {"name": each["metadata"]["name"], "domains": domains, "routes": routes}
        )
    idle = {"stream_idle_timeout": f"{STREAM_IDLE_S}s"}
    filters = [*_allow_lists(found)]
    more = {**idle, "xff_num_trusted_hops": proxies}
    return Entrance(*(_manager(hosts[each], filters, more) for each in ("http", "https")))


def _route_of_rule(rule: Object) -> Object:
    route: Object = {"match": {"prefix": rule["matches"][0]["path"]["value"]}}
    for each in rule.get("filters", ()):
        match each["type"]:
            case "RequestRedirect":
                assert each["requestRedirect"] == {"scheme": "https", "statusCode": 301}
                return {**route, "redirect": {"https_redirect": True}}
            case "RequestHeaderModifier":
                said = {e["name"]: e["value"] for e in each["requestHeaderModifier"]["set"]}
                route["request_headers_to_add"] = _set(said)
            case "ResponseHeaderModifier":
                said = {e["name"]: e["value"] for e in each["responseHeaderModifier"]["set"]}
                route["response_headers_to_add"] = _set(said)
    (backend,) = rule["backendRefs"]
    action: Object = {"cluster": f"{backend['name']}:{backend['port']}"}
    if timeout := rule.get("timeouts", {}).get("request"):
        action["timeout"] = timeout
    return {**route, "route": action}


def istio(made: Iterable[Object], proxies: int = 0) -> Entrance:
    """Read VirtualServices, the Gateway and EnvoyFilters. What has no timeout has none at all.

    Allow-lists, too. proxies: how many in front of it are trusted.
    """
    found = list(made)
    hosts = [
        {
            "name": each["metadata"]["name"],
            "domains": each["spec"]["hosts"],
            "routes": [_route_of_service(http) for http in each["spec"]["http"]],
        }
        for each in found
        if each["kind"] == "VirtualService"
    ]
    (gateway,) = (each for each in found if each["kind"] == "Gateway")
    servers = {each["port"]["protocol"]: each for each in gateway["spec"]["servers"]}
    redirect = {"require_tls": "ALL"} if servers["HTTP"]["tls"]["httpsRedirect"] else {}
    filters = [
        *_allow_lists(found),
        *(
            patch["patch"]["value"]
            for each in found
            if each["kind"] == "EnvoyFilter"
            for patch in each["spec"]["configPatches"]
        ),
    ]
    never = {"stream_idle_timeout": "0s", "xff_num_trusted_hops": proxies}
    plain = _manager([{**each, **redirect} for each in hosts], filters, never)
    return Entrance(plain, _manager(hosts, filters, never))


def _allow_lists(made: Iterable[Object]) -> Iterator[Object]:
    """Read AuthorizationPolicies of addresses, as Istio does: pilot/pkg/security/authz/model."""
    for each in made:
        if each["kind"] != "AuthorizationPolicy":
            continue
        assert each["spec"]["action"] == "ALLOW"
        (rule,) = each["spec"]["rules"]
        (source,) = rule["from"]
        parts = [block.split("/") for block in source["source"]["remoteIpBlocks"]]
        blocks = [{"address_prefix": part, "prefix_len": int(length)} for part, length in parts]
        who = {"or_ids": {"ids": [{"remote_ip": block} for block in blocks]}}
        policy = {"permissions": [{"any": True}], "principals": [who]}
        yield {
            "name": "envoy.filters.http.rbac",
            "typed_config": {
                "@type": f"{_TYPES}.filters.http.rbac.v3.RBAC",
                "rules": {"action": "ALLOW", "policies": {each["metadata"]["name"]: policy}},
            },
        }


def _route_of_service(http: Object) -> Object:
    destination = http["route"][0]["destination"]
    service = destination["host"].partition(".")[0]
    action: Object = {
        "cluster": f"{service}:{destination['port']['number']}",
        "timeout": http.get("timeout", "0s"),
    }
    if attempts := http.get("retries", {}).get("attempts", 2):
        on = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
        action["retry_policy"] = {"retry_on": on, "num_retries": attempts}
    headers = http.get("headers", {})
    return {
        "match": {"prefix": "/"},
        "route": action,
        "request_headers_to_add": _set(headers.get("request", {}).get("set", {})),
        "response_headers_to_add": _set(headers.get("response", {}).get("set", {})),
    }


def _set(headers: Mapping[str, str]) -> list[Object]:
    return [
        {
            "header": {"key": name, "value": value},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
        for name, value in headers.items()
    ]


def _manager(hosts: list[Object], filters: list[Object], more: Object) -> Object:
    """Put together what handles a listener's requests. Gateways believe no browser's address."""
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": f"{_TYPES}.filters.http.router.v3.Router"},
    }
    return {
        "@type": _MANAGER,
        "stat_prefix": "entrance",
        "use_remote_address": True,
        "normalize_path": True,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {"virtual_hosts": hosts, "ignore_port_in_host_matching": True},
        "http_filters": [*filters, router],
        **more,
    }


class Envoy(Program):
    """One Envoy with the listeners of entrances; the ports of their Services are on loopback."""

    def __init__(
        self,
        folder: Path,
        entrances: Iterable[Entrance],
        services: Mapping[str, int],
        certificate: tuple[Path, Path],
    ):
        """services: the port of each, by its name and port there, such as ``dex:5556``."""
        admin = free_port()
        tls = _serving(*certificate)
        listeners = [
            _listener(port, manager, how)
            for each in entrances
            for port, manager, how in (
                (each.http_port, each.http, {}),
                (each.https_port, each.https, tls),
            )
        ]
        config = folder / "envoy.json"
        said = {
            "admin": {"address": _address(admin)},
            "static_resources": {"listeners": listeners, "clusters": [*_clusters(services)]},
        }
        config.write_text(json.dumps(said))
        command = [str(test_program(GATEWAY)), "-c", str(config)]
        command += ["--concurrency", "1", "--disable-hot-restart"]
        ready = f"http://127.0.0.1:{admin}/ready"
        super().__init__(command, ready, folder / "envoy.log", {})

    def peak_memory_mb(self) -> float:
        """The most memory that it has had so far."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (each for each in status.splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024


def _serving(certificate: Path, key: Path) -> Object:
    files = {
        "certificate_chain": {"filename": str(certificate)},
        "private_key": {"filename": str(key)},
    }
    context = {
        "@type": f"{_TYPES}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {"tls_certificates": [files]},
    }
    return {"transport_socket": {"name": "tls", "typed_config": context}}


def _listener(port: int, manager: Object, how: Object) -> Object:
    name = "envoy.filters.network.http_connection_manager"
    return {
        "address": _address(port),
        "filter_chains": [{"filters": [{"name": name, "typed_config": manager}], **how}],
    }


def _clusters(services: Mapping[str, int]) -> Iterator[Object]:
    for name, port in services.items():
        endpoint = {"endpoint": {"address": _address(port)}}
        endpoints = {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}
        yield {"name": name, "type": "STATIC", "load_assignment": endpoints}


def _address(port: int) -> Object:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
