"""Paths that one part serves and another calls."""

from enum import StrEnum


class Endpoint(StrEnum):
    """URL paths, relative to the base URL of the server that serves them."""

    SESSION_GPUS = "gpucommons/api/gpus"
    """Session: one telemetry frame as JSON, or a stream of them (server-sent events)."""
    SESSION_NOTICE = "gpucommons/api/notice"
    """Session: POST shows a `Notice`, GET lists those that still matter, DELETE ?id= withdraws one.

    At most 20 are kept; an id has up to 64 characters, a text up to 1,000.
    """
    HUB_RECHECK = "api/gpucommons/users/{name}/recheck"
    """Hub: POST asks Dex at once whether this person may still be here (scope delete:users)."""
    HUB_AVAILABILITY = "api/gpucommons/availability"
    """Hub: what is free per size and, for the asking user, why not."""
    HUB_CATALOGUE = "api/gpucommons/catalogue"
    """Hub: the catalogue's file, since when it is in force, its mistakes (scope admin-ui)."""
