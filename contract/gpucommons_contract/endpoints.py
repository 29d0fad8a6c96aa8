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
    SESSION_FOLDERS = "gpucommons/api/home/folders"
    """Session: GET gives a `FolderSizes`, what takes the room in the home folder: as counted within
    the last 10 minutes, else counted now; POST counts it now. Both take up to 15 seconds.
    """
    SESSION_TRASH = "gpucommons/api/home/trash"
    """Session: DELETE empties the home folder's trash for good, and gives a `TrashEmptied`."""
    SESSION_EARLIER = "gpucommons/api/earlier"
    """Session: earlier versions of files in the home folder, from its snapshots.

    ``path`` is absolute or relative to the home folder, its bytes percent-encoded. GET
    ``/versions?path=`` gives `EarlierVersions`; ``/snapshots?path=`` what snapshots there are of
    the home folder or, with a path in it, of the team's folder;
    ``/folder?snapshot=&path=`` an `EarlierFolder`; ``/deleted?path=`` what a folder had and has no
    more; ``/file?snapshot=&path=`` what a file contained. POST ``/put-back`` with ``{"snapshot",
    "path", "beside": WORDS or null}`` writes a version beside the file, named with these words, or
    in its place, and gives a `PutBack`; ``/notes?snapshot=&path=`` gives `SnapshotNotes`, and
    ``/now?path=`` what a file contains now, up to 5 MB. 501 where the installation has no
    snapshots to offer.
    """
    SESSION_RESTORES = "gpucommons/api/earlier/restores"
    """Session: POST ``{"snapshot", "path", "kind": "file" or "dir", "words", "in_place"}`` begins
    to put back a file or a folder, beside what is there, named with these words, or in its place,
    and gives a `PuttingBack`; an empty path is the whole home folder, and that of the team's folder
    all of it, which both go into a new folder there. GET lists those that run and
    the last ten; DELETE ?id= ends one, of which nothing is left then.
    """
    SESSION_SNAPSHOT_WISH = "gpucommons/api/earlier/wish"
    """Session: POST asks for a snapshot now, GET for what became of that; both give a
    `SnapshotWish`.
    """
    SESSION_TRASHED = "gpucommons/api/home/trashed"
    """Session: GET lists up to 200 `TrashedEntry`, the latest first; POST ``{"id": ...}`` moves one
    back to where it was, or beside what is there, and gives ``{"path": ...}``.
    """
    HUB_SESSIONS = "api/gpucommons/sessions"
    """Hub: GET ?after=ID&limit=500 lists sessions that run, a page at a time, in the order of
    their ids (scope read:servers, for all servers).

    ``{"sessions": [{"id", "user", "server", "url", "address", "started", "last_activity",
    "options", "gpus", "pod", "language"}], "next": ID or null, "waiting": {SIZE: COUNT}}``.
    Moments are ISO 8601 in UTC; url is the path from the root of the hub's host; address is where
    the hub itself reaches the session (``http://10.0.0.7:8888``), empty if that is not known;
    options are what the person picked (team, environment, version or image, digest, size), gpus
    the GPUs charged, a decimal; pod is where it runs, as ``NAMESPACE/NAME``; language is that of
    the page it was started from; next is the ``after`` of the next page; waiting counts the starts
    that wait for room, on the first page only. A page has up to 500 sessions, and may have fewer
    than asked for.
    """
    HUB_SESSION_TOKENS = "api/gpucommons/session-tokens"
    """Hub: POST ``{"servers": [[USER, SERVER], ...]}`` gives a service one token for each of up to
    50 sessions, with which it may access that session and nothing else (scope access:servers,
    for all servers).

    ``{"tokens": [...], "expires_in": SECONDS}``, in the order asked for. Whoever works in a
    session can read the token of a request to it: a service's own would open all others.
    """
    HUB_SESSION_END = "api/gpucommons/users/{user}/session-end/{server}"
    """Hub: PUT ``{"reason": SENTENCE, "page": "services/NAME/", "code": CODE, "by": NAME}`` notes
    why a session is about to be stopped, up to five minutes beforehand; its person reads it where
    they land, with a link to the service's page if one is given (scope delete:servers). ``code``,
    one of `EndReason`, and ``by``, whoever wished it, are for accounting, and taken from services
    alone; with a code the sentence may be empty, and nothing is read. ``server`` is empty for the
    default one. 204, or 404 if it does not run.
    """
    ACCOUNTING_FACTS = "api/facts"
    """Accounting, below its own address: POST ``{"facts": [...]}`` takes up to 500 of `Told` (scope
    `TELL_ACCOUNTING_SCOPE`), and answers ``{"taken": COUNT, "refused": [WHY, ...]}``: what is
    refused makes no sense, and is not to be told again. Told again, a fact changes nothing.
    """
    HUB_DISK_USE = "api/gpucommons/users/{user}/disk-use/{server}"
    """Hub: PUT a `DiskUse`: how full the home folder of a session is, as its server sees it (scope
    users:activity). The person reads it where they start sessions. ``server`` is empty for the
    default one. 204, 400 for figures that cannot be, or 404 if it does not run.
    """
    HUB_RECHECK = "api/gpucommons/users/{name}/recheck"
    """Hub: POST asks Dex at once whether this person may still be here (scope delete:users)."""
    HUB_NOTICES = "api/gpucommons/notices"
    """Hub: POST ``{"notice": ..., "users": [...]}`` shows a `Notice` in every session that runs, or
    in those of these people (scope delete:servers or `SEND_NOTICES_SCOPE`); DELETE ?id= withdraws
    it there (scope delete:servers). Those that start later show the notices in force: see
    `StandingNotice`. A ``"message"`` beside it, as of `message_of`, lets sessions show its text in
    their languages.

    Both answer ``{"told": [...], "missed": [...]}``: sessions as ``NAME/SERVER``.
    """
    HUB_AVAILABILITY = "api/gpucommons/availability"
    """Hub: what is free per size and, for the asking user, why not."""
    HUB_ADMINISTRATION_SESSIONS = "api/gpucommons/administration/sessions"
    """Hub: GET lists all sessions, also those that start or stop, as administrators see them (scope
    admin-ui). ``?person=&team=&size=&state=&node=`` choose some, ``sort`` is a column, with ``-``
    before it for the other direction. ``{"sessions": [...]}``.
    """
    HUB_ADMINISTRATION_ACTION = "api/gpucommons/administration/sessions/{action}"
    """Hub: POST does something with sessions (scopes admin-ui and those of what is done): stop,
    take-back, notify, keep, exempt or grant. ``{"sessions": ["ada/", ...]}``
    with the fields of the action; services say in ``by`` for whom. ``{"outcomes": [{"session",
    "done", "message"}]}``.
    """
    HUB_ADMINISTRATION_NODES = "api/gpucommons/administration/nodes"
    """Hub: GET lists nodes, with what they have, and which one is taken out of service by whom
    (scope admin-ui).
    """
    HUB_ADMINISTRATION_NODE = "api/gpucommons/administration/nodes/{name}/{action}"
    """Hub: POST ``drain`` with ``{"minutes", "reason"}``, or ``give-back`` (scopes admin-ui and
    delete:servers). Whoever drains it once more for sessions that came meanwhile sends the
    ``until`` of its drain, too. The hub must have been granted to change nodes.
    """
    HUB_CATALOGUE = "api/gpucommons/catalogue"
    """Hub: the catalogue's file, since when it is in force, its mistakes (scope admin-ui)."""
    BALANCES = "api/balances"
    """Accounting: GET gives `Balances`, what is left of every budget (scope `READ_BALANCES_SCOPE`).
    """
