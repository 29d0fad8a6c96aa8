"""What is said of options that cannot be used: what is wrong, what there is, what to do.

Each function makes the error for `resolve` to raise. Pure.
"""

import difflib
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Literal, NamedTuple

from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.selection.errors import SelectionError

Kind = Literal["environment", "size"]

_LONGEST = 63
"""Characters that are shown of what somebody wrote."""


def short(text: str) -> str:
    """Cut what would make a sentence unreadable."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _quoted(value: object) -> str:
    """Write somebody's input, short and with everything unprintable escaped."""
    return short(ascii(value))


def _listed(choices: Collection[str]) -> str:
    """Write what there is to choose."""
    return ", ".join(choices) or phrase("none: an administrator must open one to you")


def _choose(choices: Collection[str]) -> str:
    return phrase("Choose one of %(choices)s.", choices=_listed(choices))


def _meant(name: str, choices: Collection[str]) -> str:
    """Ask whether a name was mistyped; empty if none is like it."""
    close = difflib.get_close_matches(name[:_LONGEST], list(choices), n=1)
    return phrase("Did you mean %(name)s?", name=close[0]) if close else ""


# Options that say nothing


def no_option(key: str) -> SelectionError:
    """Refuse an option that there is not."""
    return SelectionError(
        phrase(
            "%(option)s is not an option here. The options are team, environment, "
            "version or image, size, and opens; leave out everything else.",
            option=_quoted(key),
        ),
        key,
    )


def no_text(key: str, value: object) -> SelectionError:
    """Refuse an option that is not a text."""
    return SelectionError(
        phrase(
            "The option %(option)s must be one text, not %(given)s.",
            option=key,
            given=_quoted(value),
        ),
        key,
    )


def profile_alone(key: str) -> SelectionError:
    """Refuse a profile without what it would stand for."""
    return SelectionError(
        phrase("A profile alone chooses nothing. Give environment and size; version is optional."),
        key,
    )


# The team


def in_no_team() -> SelectionError:
    """Refuse somebody whom no team has."""
    return SelectionError(
        phrase(
            "You are not in any team, and every session runs in one. "
            "Ask an administrator to add you to a team."
        ),
        "team",
        HTTPStatus.FORBIDDEN,
    )


def which_team(own: Collection[str]) -> SelectionError:
    """Ask somebody of several teams for one."""
    return SelectionError(sentences(phrase("Which team?"), _choose(own)), "team")


def other_team(name: str, own: Collection[str]) -> SelectionError:
    """Refuse a team that is not the person's, be there such a one or not."""
    return SelectionError(
        sentences(
            phrase("You are not in a team %(name)s.", name=_quoted(name)),
            _meant(name, own),
            phrase(
                "Choose one of %(choices)s, or ask an administrator to add you.",
                choices=_listed(own),
            ),
        ),
        "team",
        HTTPStatus.FORBIDDEN,
    )


# Environment and size


class _Sentences(NamedTuple):
    """What is said of an offer that cannot be had: other languages decline its kind."""

    which: str
    unknown: Callable[[str], str]
    of_others: Callable[[str], str]
    off: Callable[[str, str], str]


_SENTENCES: dict[Kind, _Sentences] = {
    "environment": _Sentences(
        phrase("Which environment?"),
        lambda name: phrase("There is no environment %(name)s.", name=name),
        lambda name: phrase("The environment %(name)s is for other groups.", name=name),
        lambda name, why: phrase(
            "The environment %(name)s is off: %(reason)s", name=name, reason=why
        ),
    ),
    "size": _Sentences(
        phrase("Which size?"),
        lambda name: phrase("There is no size %(name)s.", name=name),
        lambda name: phrase("The size %(name)s is for other groups.", name=name),
        lambda name, why: phrase("The size %(name)s is off: %(reason)s", name=name, reason=why),
    ),
}


def which_offer(kind: Kind, choices: Collection[str]) -> SelectionError:
    """Ask for an environment or a size."""
    return SelectionError(sentences(_SENTENCES[kind].which, _choose(choices)), kind)


def no_offer(kind: Kind, name: str, choices: Collection[str]) -> SelectionError:
    """Refuse an environment or a size that there is not."""
    unknown = _SENTENCES[kind].unknown(_quoted(name))
    return SelectionError(sentences(unknown, _meant(name, choices), _choose(choices)), kind)


def offer_of_others(kind: Kind, name: str, choices: Collection[str]) -> SelectionError:
    """Refuse an environment or a size that is for other groups."""
    return SelectionError(
        sentences(
            _SENTENCES[kind].of_others(name),
            phrase(
                "Choose one of %(choices)s, or ask an administrator for access.",
                choices=_listed(choices),
            ),
        ),
        kind,
        HTTPStatus.FORBIDDEN,
    )


def offer_off(kind: Kind, name: str, why: str, choices: Collection[str]) -> SelectionError:
    """Refuse an environment or a size that an operator has switched off."""
    return SelectionError(sentences(_SENTENCES[kind].off(name, why), _choose(choices)), kind)


# What an environment opens, and its versions and images. ``name`` is the environment's.


def not_opened(name: str, program: str, choices: Collection[str]) -> SelectionError:
    """Refuse a program that the environment has not."""
    return SelectionError(
        sentences(
            phrase(
                "The environment %(name)s does not open %(program)s.",
                name=name,
                program=_quoted(program),
            ),
            _meant(program, choices),
            _choose(choices),
        ),
        "opens",
    )


def version_and_image() -> SelectionError:
    """Refuse both where one takes the place of the other."""
    return SelectionError(phrase("Give a version or an image, not both."), "image")


def no_version(name: str, version: str, choices: Collection[str]) -> SelectionError:
    """Refuse a version that the environment has not."""
    return _of_version(
        phrase(
            "The environment %(name)s has no version %(version)s.",
            name=name,
            version=_quoted(version),
        ),
        choices,
    )


def version_off(name: str, version: str, why: str, choices: Collection[str]) -> SelectionError:
    """Refuse a version that an operator has switched off."""
    return _of_version(
        phrase(
            "Version %(version)s of %(name)s is off: %(reason)s",
            version=version,
            name=name,
            reason=why,
        ),
        choices,
    )


def version_retired(
    name: str, version: str, since: str, choices: Collection[str]
) -> SelectionError:
    """Refuse a version that has retired; ``since`` is a sentence that says when."""
    return _of_version(
        sentences(
            phrase(
                "Version %(version)s of %(name)s can no longer be started.",
                version=version,
                name=name,
            ),
            since,
        ),
        choices,
    )


def _of_version(said: str, choices: Collection[str]) -> SelectionError:
    return SelectionError(sentences(said, _choose(choices)), "version")


def image_not_taken(
    name: str, image: str, pattern: str | None, versions: Collection[str]
) -> SelectionError:
    """Refuse an image. ``pattern`` is of those that are taken; None if only its versions are."""
    taken = (
        phrase("It takes only its own images.")
        if pattern is None
        else phrase("It takes images whose whole name matches %(pattern)s .", pattern=pattern)
    )
    return SelectionError(
        sentences(
            phrase(
                "The environment %(name)s does not take the image %(image)s.",
                name=name,
                image=_quoted(image),
            ),
            taken,
            phrase("Its versions are %(choices)s.", choices=_listed(versions)),
        ),
        "image",
        HTTPStatus.FORBIDDEN,
    )


def digest_never_ran(image: str, digest: str) -> SelectionError:
    """Refuse a digest that the image did not have in a session of the person's."""
    return SelectionError(
        phrase(
            "None of your sessions ran %(image)s with the digest %(digest)s. "
            "Leave it out to start the image as it is now.",
            image=image,
            digest=_quoted(digest),
        ),
        "digest",
        HTTPStatus.FORBIDDEN,
    )


def image_not_pinned(image: str) -> SelectionError:
    """Refuse an image that has no digest where the catalogue demands one."""
    return SelectionError(
        phrase(
            "The image %(image)s is not pinned. Write it with its digest, "
            "as name@sha256:…; a tag can be moved to something else.",
            image=_quoted(image),
        ),
        "image",
    )
