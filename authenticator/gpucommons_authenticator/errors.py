"""What can go wrong at sign-in, in words for the person and for the operator.

``str(error)`` is for the operator's log and never holds a token. ``title`` and
``advice`` are for the page that the person sees: what happened, what to do.
"""

from collections.abc import Sequence
from typing import ClassVar

from gpucommons_contract.words import phrase, sentences


class SignInError(Exception):
    """A sign-in, or the renewal of one, that did not succeed."""

    status: ClassVar[int] = 403
    is_removal: ClassVar[bool] = False
    """Whether it says that the person may no longer be here, so that sessions must end.

    A login that has run out, or that Dex has forgotten, says nothing of the kind.
    """
    title: str = phrase("You could not be signed in")
    advice: str = phrase("Try again. If it happens again, tell an administrator.")

    def __init__(self, detail: str) -> None:
        super().__init__(detail)


class ProviderUnavailableError(SignInError):
    """Dex could not be reached, did not answer in time, or answered with nonsense.

    Says nothing about the person: whoever is signed in stays signed in for a while.
    """

    status = 503
    title = phrase("Sign-in is down at the moment")
    advice = phrase(
        "The sign-in service does not answer, so nobody can sign in right now. "
        "Running sessions continue, and whoever is signed in stays signed in. "
        "Try again in a few minutes."
    )


class UnclearAnswerError(ProviderUnavailableError):
    """Dex answered, but not whether the person may stay.

    Dex 2.45 sends the same answer for a person who was deleted and for a directory behind
    it that does not answer (server/refreshhandlers.go, newInternalServerError).
    """

    title = phrase("Your account could not be checked just now")
    advice = phrase(
        "The sign-in service could not look your account up. Running sessions continue. "
        "Try again in a few minutes. If it happens again, tell an administrator."
    )


class ClientRefusedError(ProviderUnavailableError):
    """Dex does not accept this hub: an operator's mistake, not the person's."""

    title = phrase("Sign-in is not set up correctly")
    advice = phrase(
        "The sign-in service does not accept this hub. Running sessions continue. "
        "Tell an administrator; the hub's log says what to correct."
    )


class UntrustedCertificateError(ProviderUnavailableError):
    """Somebody answers at Dex's address whose certificate the hub does not trust."""

    title = phrase("Sign-in is not set up correctly")
    advice = phrase(
        "The hub does not trust the certificate of the sign-in service. Sessions that are running "
        "go on. Tell an administrator; the hub's log says what to correct."
    )


class ProviderRefusedError(SignInError):
    """Dex answered, and the answer was no: a used code, a revoked refresh token."""

    title = phrase("This sign-in is no longer valid")
    advice = phrase("It took too long, or it was used before. Sign in again.")


class NoRefreshTokenError(SignInError):
    """Somebody about whom Dex cannot be asked again: its connector, or the scope, gives no token.

    Says nothing about the person: the sign-in counts for a while.
    """

    def __init__(self, username: str) -> None:
        super().__init__(f"there is no refresh token of {username}")


class LoginExpiredError(SignInError):
    """The answer does not belong to a login that this browser began, or no longer."""

    status = 400
    title = phrase("This sign-in has expired")
    advice = phrase(
        "It was started too long ago, in another tab or in another browser, "
        "or the browser does not keep cookies for this site. Sign in again."
    )


class UnknownConnectorError(SignInError):
    """A link that asks for a way in that the login page does not offer."""

    status = 404
    title = phrase("There is no such way to sign in")

    def __init__(self, connector: str, labels: Sequence[str]) -> None:
        super().__init__(f"DexOAuthenticator.connectors does not list {connector[:64]!a}")
        self.advice = phrase(
            "Go back and choose one of these: %(services)s.", services=", ".join(labels)
        )


class LoginCancelledError(SignInError):
    """The person, or the identity provider, said no."""

    title = phrase("The sign-in was cancelled")
    advice = phrase(
        "You or your identity provider declined it. Sign in again if that was not intended."
    )


class TokenRejectedError(SignInError):
    """An id_token that fails a check."""

    title = phrase("This sign-in could not be trusted")
    advice = phrase(
        "What the sign-in service sent did not pass the checks, so you were not signed in. "
        "Try again. If it happens again, tell an administrator: "
        "the hub's log names the check that failed."
    )


class UnknownSigningKeyError(TokenRejectedError):
    """An id_token signed with a key that is not among the known ones."""


class UnusableClaimsError(SignInError):
    """A genuine id_token whose user name or groups cannot be used here."""

    title = phrase("Your account cannot be used here")

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.advice = sentences(detail, phrase("Ask an administrator."))


class NotAllowedError(SignInError):
    """A genuine person who belongs to no group that may sign in.

    groups describes, for the log, which groups came.
    """

    is_removal = True
    title = phrase("Your account has no access yet")

    def __init__(self, username: str, advice: str, groups: str = "") -> None:
        super().__init__(
            f"{username} is in no group that may sign in{f' ({groups})' if groups else ''}"
        )
        self.advice = sentences(phrase("You signed in as %(name)s.", name=username), advice)


class NameChangedError(SignInError):
    """Somebody whom the sign-in service calls otherwise than when they signed in.

    They are still here, under another name: no reason to end a session.
    """

    title = phrase("Your user name has changed")

    def __init__(self, before: str, now: str) -> None:
        super().__init__(f"the user name was {before} and is {now} now")
        self.advice = phrase(
            "Your user name was %(before)s and is %(now)s now. Sign in again.",
            before=before,
            now=now,
        )


class NameTakenError(SignInError):
    """A genuine person whose user name is already that of another account."""

    title = phrase("This name belongs to another account")

    def __init__(self, username: str, account: tuple[object, object]) -> None:
        super().__init__(
            f"{username} is bound to the account that signed in first; "
            f"this one is {str(account[1])[:128]!a} of {str(account[0])[:128]!a}. To free the "
            "name, delete the user on the admin page. If Dex was set up again, so that everybody "
            "has another account: set DexOAuthenticator.bind_account to False until all have "
            "signed in once"
        )
        self.advice = phrase(
            "You signed in as %(name)s, but that name is in use here by another account: one "
            "of another sign-in service, or one that was deleted and created again. Ask an "
            "administrator, who can free the name by deleting the user on the "
            "admin page; the files stay.",
            name=username,
        )


class BlockedError(SignInError):
    """Somebody whom the operator lists in blocked_users."""

    is_removal = True
    title = phrase("This account is blocked")

    def __init__(self, username: str) -> None:
        super().__init__(f"{username} is in blocked_users")
        self.advice = phrase("%(name)s may not use this hub. Ask an administrator.", name=username)
