"""Settings of JupyterHub itself that contradict GPU Commons.

Each check returns a sentence or more: what was set, why it does harm, what to set instead.
"""

from pathlib import Path
from urllib.parse import urlsplit

from gpucommons_authenticator import TEMPLATES as LOGIN_TEMPLATES
from gpucommons_contract.words.pages import TEMPLATES as FRAME_TEMPLATES
from gpucommons_sessions import SavingProxy
from gpucommons_spawner import TEMPLATES as PICKER_TEMPLATES
from gpucommons_spawner import GPUSpawner, catalogue_in_force
from sqlalchemy.engine import make_url

from gpucommons_config.contradictions.settings import HubSettings

_OUR_TEMPLATES = (LOGIN_TEMPLATES, PICKER_TEMPLATES, FRAME_TEMPLATES)
_CULLER = "jupyterhub-idle-culler"
_CULLER_MODULES = ("jupyterhub_idle_culler", "cull_idle_servers")


def second_culler(settings: HubSettings) -> str | None:
    """The chart's own culler ends sessions by rules that nobody sees."""
    for service in settings.hub.services:
        name, command = service.get("name"), " ".join(map(str, service.get("command") or ()))
        if name == _CULLER or any(module in command for module in _CULLER_MODULES):
            return (
                f"The service {name} ends sessions without a notice, whatever the idle rules of "
                "the catalogue say and whoever pressed Keep. "
                + settings.set_instead(
                    "cull.enabled: false", "JupyterHub.services to a list without it"
                )
            )
    return None


def start_limit(settings: HubSettings) -> str | None:
    """Starts that wait for their turn or in the queue count against JupyterHub's limit."""
    if not (limit := settings.hub.concurrent_spawn_limit):
        return None
    return (
        f"JupyterHub.concurrent_spawn_limit is {limit}: when that many starts wait, for hours if "
        "they wait in the queue, JupyterHub turns everybody else away. The spawner itself "
        "queues starts. "
        + settings.set_instead(
            "hub.concurrentSpawnLimit: 0", "JupyterHub.concurrent_spawn_limit to 0"
        )
    )


def failure_limit(settings: HubSettings) -> str | None:
    """One environment that does not work would end the hub for everybody."""
    if not (limit := settings.of_sessions("consecutive_failure_limit", 0)):
        return None
    return (
        f"Spawner.consecutive_failure_limit is {limit}: after that many failed starts in a row, "
        "such as of an environment whose JupyterLab never answers, the hub exits, and until it "
        "is back nobody can sign in, or start or stop a session. "
        + settings.set_instead(
            "hub.consecutiveFailureLimit: 0", "Spawner.consecutive_failure_limit to 0"
        )
    )


def one_session_only(settings: HubSettings) -> str | None:
    """Without named servers the quota of sessions means nothing."""
    if settings.hub.allow_named_servers or not _may_have_several(settings):
        return None
    return (
        "JupyterHub.allow_named_servers is false: everybody has one session at a time, although "
        "the quotas of the catalogue give them more. "
        + settings.set_instead(
            "hub.allowNamedServers: true", "JupyterHub.allow_named_servers to true"
        )
        + " If that is intended, set quotas.default.sessions: 1 in the catalogue."
    )


def _may_have_several(settings: HubSettings) -> bool:
    file = Path(settings.hub.config.GPUSpawner.catalogue_file)  # also with another spawner
    quotas = catalogue_in_force(file).current.quotas
    instead = (*quotas.groups.values(), *quotas.users.values())
    allowed = [quotas.default, *(each.over(quotas.default) for each in instead)]
    return any(each.sessions is None or each.sessions > 1 for each in allowed)


def hub_address(settings: HubSettings) -> str | None:
    """A service's name alone is found in its own namespace only."""
    url = settings.hub.hub_connect_url
    address = urlsplit(url)
    name = address.hostname
    if not name or "." in name or ":" in name or name == "localhost":
        return None
    namespace = settings.chart.at("Release.Namespace", "gpucommons")
    port = f":{address.port}" if address.port else ""
    better = f"{address.scheme}://{name}.{namespace}.svc{port}"
    return (
        f"JupyterHub.hub_connect_url is {url}: sessions run in the namespaces of teams, where "
        f"the name {name} does not resolve, so they cannot reach the hub, and nobody can open "
        "theirs. "
        + settings.set_instead(
            f"hub.config.JupyterHub.hub_connect_url: {better}",
            f"JupyterHub.hub_connect_url to {better}",
        )
    )


def proxy_without_saving(settings: HubSettings) -> str | None:
    """Only ours lets open pages save before their session loses its address."""
    chosen = settings.hub.proxy_class
    if issubclass(chosen, SavingProxy):
        return None
    return (
        f"JupyterHub.proxy_class is {chosen.__name__}: when a session is ended, pages that are "
        "open no longer reach it to save. Leave JupyterHub.proxy_class unset, or set it to a "
        "subclass of gpucommons_sessions.SavingProxy."
    )


def other_spawner(settings: HubSettings) -> str | None:
    """Another spawner knows no catalogue."""
    chosen = settings.hub.spawner_class
    if issubclass(chosen, GPUSpawner):
        return None
    return (
        f"JupyterHub.spawner_class is {chosen.__name__}: sessions start without the catalogue, "
        "teams and quotas. Leave JupyterHub.spawner_class unset, or set it to a subclass of "
        "gpucommons_spawner.GPUSpawner."
    )


def sessions_end_with_hub(settings: HubSettings) -> str | None:
    """A restart of the hub must end nobody's work."""
    if not settings.hub.cleanup_servers:
        return None
    return (
        "JupyterHub.cleanup_servers is true: whenever the hub stops, such as for an upgrade, it "
        "ends all sessions. "
        + settings.set_instead(
            "hub.config.JupyterHub.cleanup_servers: false", "JupyterHub.cleanup_servers to false"
        )
    )


def database_in_memory(settings: HubSettings) -> str | None:
    """What the hub does not remember after a restart is ended as nobody's."""
    url = make_url(settings.hub.db_url)
    if url.get_backend_name() != "sqlite" or url.database not in {None, "", ":memory:"}:
        return None
    return (
        "The hub's database is in memory: after each restart it knows no people and no sessions, "
        "and ends the sessions that ran, because they belong to nobody. "
        + settings.set_instead(
            "hub.db.type: sqlite-pvc, or postgres with hub.db.url",
            "JupyterHub.db_url to a file or a server",
        )
    )


def hidden_templates(settings: HubSettings) -> str | None:
    """A page of the installation's own replaces ours of the same name."""
    ours = {file.name: file for folder in _OUR_TEMPLATES for file in folder.glob("*.html")}
    hidden: dict[str, Path] = {}
    for folder in map(Path, settings.hub.template_paths):
        if folder in _OUR_TEMPLATES:
            break
        hidden |= {name: folder / name for name in ours if (folder / name).is_file()}
    if not hidden:
        return None
    replaced = ", ".join(f"{file} hides {ours[name]}" for name, file in sorted(hidden.items()))
    return (
        f"Pages in JupyterHub.template_paths hide pages of GPU Commons: {replaced}. What those "
        "pages offer and say is missing, unless yours show it too. Copy the blocks of the page "
        "that yours hides, or give yours another name."
    )
