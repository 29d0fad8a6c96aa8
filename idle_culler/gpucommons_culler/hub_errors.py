"""What can go wrong between the culler and the hub or a session."""


class HubError(Exception):
    """A call failed. The message is a sentence for an administrator."""


class HubUnavailable(HubError):  # noqa: N818 -- the name says what it is
    """The hub or its proxy did not answer, or not sensibly. Later it may."""


class SessionSilent(HubError):  # noqa: N818
    """One session did not answer, or said what is no answer. It tells nothing of its use."""


class NotAllowed(HubError):  # noqa: N818
    """The culler's token may not do that. Trying again is of no use."""

    def __init__(self, scope: str) -> None:
        """scope: what the culler's role lacks."""
        self.scope = scope
        super().__init__(f"The hub does not let the idle culler do that: its role lacks {scope}.")


class HubRefused(HubError):  # noqa: N818
    """The hub said no, in words for the person: there is no such size, the quota is used up."""
