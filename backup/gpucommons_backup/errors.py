"""What can go wrong with a repository."""

DAMAGED = 5
"""Exit code of our program where what the store has is not what was kept."""
HALF_MADE = 4
"""Exit code of our program where a repository was not made to its end."""


class BackupError(Exception):
    """Something that kept a snapshot from being made, read or put back. A full sentence."""


class RepositoryMissingError(BackupError):
    """There is no repository at this address."""


class RepositoryHalfMadeError(BackupError):
    """There is a repository that was not made to its end: nothing was ever kept in it."""


class DamagedError(BackupError):
    """What the store has is not what was kept."""


class RepositoryLockedError(BackupError):
    """Another program holds the repository, and did not let go in time."""


class WrongPasswordError(BackupError):
    """The password opens no key of this repository."""


class RepositoryUnreachableError(BackupError):
    """The store does not answer, or refuses."""


class NoAnswerError(RepositoryUnreachableError):
    """A call took too long: the store is away, or this repository is large."""


class FolderTooLargeError(BackupError):
    """A folder of a snapshot has more entries than are looked at."""
