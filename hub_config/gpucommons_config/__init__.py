"""Puts the parts of GPU Commons together: one hub configuration, one command.

Nothing is imported here before it is asked for: the command does not need the hub, nor the hub
the command.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gpucommons_config.hub import configure

__all__ = ["configure"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- what has the name
    if name != "configure":
        raise AttributeError(name)
    from gpucommons_config.hub import configure  # noqa: PLC0415 -- see above

    return configure
