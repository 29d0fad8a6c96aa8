"""Paths that one part serves and another calls."""

from enum import StrEnum


class Endpoint(StrEnum):
    """URL paths, relative to the base URL of the server that serves them."""

    SESSION_GPUS = "gpucommons/api/gpus"
    """Session: one telemetry frame as JSON, or a stream of them (server-sent events)."""
    SESSION_GPU_HISTORY = "gpucommons/api/gpus/history"
    """Session: GET ?span=60|900|session gives a `TelemetryHistory` of at most 300 values."""
    SESSION_GPU_PEAK = "gpucommons/api/gpus/peak"
    """Session: DELETE sets the peak of memory back to what is in use."""
    SESSION_GPU_USAGE = "gpucommons/api/gpus/usage"
    """Session: GET ?since=&until= (seconds since the Unix epoch) gives a `GPUUsage`."""
    SESSION = "gpucommons/api/session"
    """Session: GET says what it is, since when and until when (`SessionStatus`)."""
    SESSION_NOTICE = "gpucommons/api/notice"
    """Session: POST shows a `Notice`, GET lists those that still matter, DELETE ?id= withdraws one.

    At most 20 are kept; an id has up to 64 characters, a text up to 1,000. A notice offers up
    to 4 choices, whose labels have up to 40.
    """
    SESSION_NOTICE_ANSWER = "gpucommons/api/notice/answer"
    """Session: POST ``{"id": ..., "choice": ...}`` says what the person chose; the first counts."""
    SESSION_FAREWELL = "gpucommons/api/farewell"
    """Session: POST asks open pages to save before it ends, and answers once they had time to,
    after 3 seconds or less.
    """
    SESSION_OUTPUTS = "gpucommons/api/outputs"
    """Session: POST says which notebook a page shows; gives it the cells that run without a page,
    with what is new of their output.
    """
    SESSION_OWN_SAVE = "gpucommons/api/own-save"
    """Session: POST ``{"path": ...}`` says that a page is about to save a document by itself."""
    SESSION_UNSAVED_COPY = "gpucommons/api/unsaved-copy"
    """Session: POST puts a page's version of a document next to the file, under a free name."""
    SESSION_ACTIVITY = "gpucommons/api/activity"
    """Session: GET gives a `SessionActivity`, what it knows of its own use.

    ``?warn_after=&stop_after=`` is the idle rule that applies to it now, which its panel
    shows: whole seconds, or ``never``.
    """
    HUB_SESSIONS = "api/gpucommons/sessions"
    """Hub: GET ?after=ID&limit=500 lists sessions that run, a page at a time, in the order of
    their ids (scope read:servers, for all servers).

    ``{"sessions": [{"id", "user", "server", "url", "address", "started", "last_activity",
    "options", "gpus", "pod"}], "next": ID or null, "waiting": {SIZE: COUNT}}``. Moments are ISO
    8601 in UTC; url is the path from the root of the hub's host; address is where the hub itself
    reaches the session (``http://10.0.0.7:8888``), empty if that is not known; options are what
    the person picked (team, environment, version or image, digest, size), gpus the GPUs charged,
    a decimal; pod is where it runs, as ``NAMESPACE/NAME``; next is the ``after`` of the next
    page; waiting counts the starts that wait for room, on the first page only. A page has up to
    500 sessions, and may have fewer than asked for.
    """
    HUB_SESSION_TOKENS = "api/gpucommons/session-tokens"
    """Hub: POST ``{"servers": [[USER, SERVER], ...]}`` gives a service one token for each of up to
    50 sessions, with which it may access that session and nothing else (scope access:servers,
    for all servers).

    ``{"tokens": [...], "expires_in": SECONDS}``, in the order asked for. Whoever works in a
    session can read the token of a request to it: a service's own would open all others.
    """
    HUB_SESSION_END = "api/gpucommons/users/{user}/session-end/{server}"
    """Hub: PUT ``{"reason": SENTENCE, "page": "services/NAME/"}`` notes why a session is about to
    be stopped, up to five minutes beforehand; its person reads it where they land, with a link to
    the service's page if one is given (scope delete:servers). ``server`` is empty for the
    default one. 204, or 404 if it does not run.
    """
    HUB_RECHECK = "api/gpucommons/users/{name}/recheck"
    """Hub: POST asks Dex at once whether this person may still be here (scope delete:users)."""
    HUB_NOTICES = "api/gpucommons/notices"
    """Hub: POST ``{"notice": ..., "users": [...]}`` shows a `Notice` in every session that runs, or
    in those of these people; DELETE ?id= withdraws it there (scope delete:servers). Those that
    start later show the notices in force: see `StandingNotice`.

    Both answer ``{"told": [...], "missed": [...]}``: sessions as ``NAME/SERVER``.
    """
    HUB_AVAILABILITY = "api/gpucommons/availability"
    """Hub: what is free per size and, for the asking user, why not."""
    HUB_CATALOGUE = "api/gpucommons/catalogue"
    """Hub: the catalogue's file, since when it is in force, its mistakes (scope admin-ui)."""
