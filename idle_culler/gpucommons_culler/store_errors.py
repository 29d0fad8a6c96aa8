"""What can go wrong with the culler's database."""


class StoreError(Exception):
    """Something about the database; the message is for the operator."""


class StoreUnavailable(StoreError):  # noqa: N818
    """The database is away or locked; nothing was written. Try again later."""


class StoreNewer(StoreError):  # noqa: N818
    """The database was migrated by a newer program."""


class AlreadyWarned(StoreError):  # noqa: N818
    """A countdown of this session stands already: somebody else warned it."""


class NoSuchExemption(StoreError):  # noqa: N818
    """No exemption of this number stands."""
