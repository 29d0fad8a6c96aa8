"""All checks, and what they find."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gpucommons_config.contradictions import of_chart, of_hub, of_sessions
from gpucommons_config.contradictions.settings import HubSettings

Check = Callable[[HubSettings], str | None]
"""Says what contradicts GPU Commons, why it does harm and what to set instead; or nothing."""

CHECKS: tuple[Check, ...] = (
    of_hub.other_spawner,
    of_hub.proxy_without_saving,
    of_hub.second_culler,
    of_hub.hub_address,
    of_hub.database_in_memory,
    of_hub.sessions_end_with_hub,
    of_hub.start_limit,
    of_hub.failure_limit,
    of_hub.one_session_only,
    of_hub.hidden_templates,
    of_sessions.options_past_the_catalogue,
    of_sessions.profiles,
    of_sessions.user_namespaces,
    of_sessions.component_label,
    of_sessions.queue_label,
    of_sessions.gpu_nodes_for_all,
    of_sessions.files_not_kept,
    of_sessions.privileged_init_container,
    of_chart.hub_closed_to_sessions,
    of_chart.sessions_not_let_in,
    of_chart.rights_in_own_namespace,
    of_chart.other_namespace,
)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One setting that does harm.

    name: of the check, such as ``second-culler``. sentence: what, why, and what to set instead.
    """

    name: str
    sentence: str


def name_of(check: Check) -> str:
    """Return the name under which a check is logged and documented."""
    return check.__name__.replace("_", "-")


def contradictions(
    settings: HubSettings, checks: Iterable[Check] = CHECKS
) -> Iterator[Contradiction]:
    """Look at a hub's settings with every check, or with some."""
    for check in checks:
        if sentence := check(settings):
            yield Contradiction(name_of(check), sentence)
