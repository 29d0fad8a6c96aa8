"""What goes wrong in any program of ours that runs for long."""


class SetupError(Exception):
    """The installation has a mistake; the message says what, and what to do."""


class StoreError(Exception):
    """The database failed; the message is for the operator."""


class StoreUnavailableError(StoreError):
    """The database is unreachable or locked. Nothing was written, unless the connection broke
    during the commit. Try again later.
    """


class StoreNewerError(StoreError):
    """The database was migrated by a newer program."""
