"""What can go wrong in the culler, between it and the hub, and with its database."""

from gpucommons_upkeep.errors import StoreError


class KeepRefusedError(Exception):
    """A session may not be kept like this; the message says why, and what is allowed."""


class HubError(Exception):
    """A call failed. The message is a sentence for an administrator."""


class HubUnavailableError(HubError):
    """The hub or its proxy did not answer, or not sensibly. It may later."""


class SessionSilentError(HubError):
    """One session did not answer, or not sensibly. That says nothing about its activity."""


class NotServedError(SessionSilentError):
    """A session answered that there is nothing at that address."""


class NoExtensionError(NotServedError):
    """A session's server answers Jupyter's own requests and has no endpoint of ours.

    Its user switched our server extension off, or the image lacks it.
    """


class NotAllowedError(HubError):
    """The culler's token may not do that. Retrying does not help."""

    def __init__(self, scope: str) -> None:
        """scope: what the culler's role lacks."""
        self.scope = scope
        super().__init__(f"The hub does not let the idle culler do that: its role lacks {scope}.")


class HubRefusedError(HubError):
    """The hub refused, with a message for the person: no such size, the quota is used up."""


class AlreadyWarnedError(StoreError):
    """A session has a countdown already: somebody else warned it."""


class NoSuchExemptionError(StoreError):
    """No exemption with this number is in force."""
