"""The same session with another size: which there are, and what is to be started."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from gpucommons_contract.words import listed, phrase, sentences

from gpucommons_spawner.availability.state import PersonState, SizeState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.picker.size_words import summary
from gpucommons_spawner.selection.selection import CHOICES, Selection
from gpucommons_spawner.selection.still_opens import still_opens


@dataclass(frozen=True, slots=True)
class SizeOffer:
    """A size in which a session could go on."""

    name: str
    title: str
    """What it is called."""
    text: str
    """What it is called, what it has, and how many are free."""
    reason: str
    """Why it cannot be had now; empty if it can."""


def offers(catalogue: Catalogue, states: tuple[SizeState, ...], present: str) -> list[SizeOffer]:
    """List the sizes besides the present one, as a person sees them in a team. Pure."""
    sizes = catalogue.sizes
    return [
        SizeOffer(
            name=state.name,
            title=sizes[state.name].display_name,
            text=listed(
                filter(
                    None,
                    (sizes[state.name].display_name, summary(sizes[state.name]), state.room),
                ),
                " · ",
            ),
            reason=state.reason or "",
        )
        for state in states
        if state.name != present
    ]


class _Spawner(Protocol):
    name: str
    user_options: Mapping[str, str]
    catalogue: Catalogue

    async def teams_known(self) -> None: ...
    def select(self, options: Mapping[str, object]) -> Selection: ...
    def availability(self, server: str) -> PersonState: ...


async def options_with(spawner: _Spawner, size: str) -> dict[str, str]:
    """Return what starts a server's environment and version in another size.

    Raises SpawnRefusedError, which also says that nothing was ended, if it is not to be had now.
    """
    await spawner.teams_known()
    options = still_opens(spawner.user_options, spawner.catalogue)
    plain = {key: value for key, value in options.items() if key in CHOICES}
    try:
        selection = spawner.select({**plain, "size": size})
    except SpawnRefusedError as error:
        raise _refused(str(error.jupyterhub_message)) from error
    states = spawner.availability(spawner.name).sizes_in(selection.team.name)
    reason = next((state.reason for state in states if state.name == size), None)
    if reason:
        raise _refused(
            sentences(
                phrase("%(size)s cannot be had now.", size=selection.allocation.display_name),
                reason,
            )
        )
    return selection.options()


def _refused(reason: str) -> SpawnRefusedError:
    return SpawnRefusedError(
        sentences(reason, phrase("Your session was not ended.")),
        kind="size",
        status=HTTPStatus.CONFLICT,
    )
