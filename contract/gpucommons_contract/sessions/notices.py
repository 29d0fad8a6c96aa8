"""What a session shows to the person working in it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

from gpucommons_contract.words import in_language

LONGEST_NOTICE_ID = 64
"""Characters."""
LONGEST_NOTICE = 1000
"""Characters of a notice's text: it is one or two sentences, not a page."""
ALL_CLEAR_SECONDS = 10.0
"""How long an all-clear, which withdraws a warning, is shown."""
KEEP_CHOICE = "keep-"
"""Prefix of a choice that keeps the session, before the number of seconds: ``keep-3600``."""
ENDING_NOTICE = "ending"
"""Id of the notice that the session is being stopped now."""
END_REASON_NOTICE = "session-end"
"""Id of the notice in which the hub says why, or when, the session ends."""
MEMORY_NOTICE = "memory"
"""Id of the notice in which a session says that its memory is full or nearly full."""
HOME_NOTICE = "home"
"""Id of the notice in which a session says that its home folder is full, nearly full or broken."""
NOTICES_CHANGED = "https://gpucommons.io/events/notices-changed/v1"
"""Id of the event with which a session's server asks open pages to read its notices again."""
_LONGEST_LABEL = 40
"""Characters, on a button."""
_MOST_CHOICES = 4
_LAST_SECOND = 253402300799
"""The end of the year 9999. Anything later is a mistake, such as milliseconds."""


class NoticeLevel(StrEnum):
    """How urgent a notice is; Lab shows each in its own colour and with its own icon."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NoticeChoice:
    """One answer that a notice offers: a button. ``label`` is its text."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. A later one with the same ``id`` replaces it.

    text is one or two plain sentences. ends_at, in seconds since the Unix epoch, is when the
    event happens that it warns of: Lab counts down to it and keeps the notice until then.

    The sender of a notice with choices reads the answer from the session's list of notices, does
    what was chosen, and then withdraws the notice or replaces it by one that says what was done.
    The answer is a request from the session: the sender decides what is allowed.

    Each cause has one id, so that two notices about it never contradict each other. An all-clear
    is sent under the warning's id, at level info, without end and choices: it is shown for
    `ALL_CLEAR_SECONDS` and then disappears.
    """

    id: str
    text: str
    level: NoticeLevel = NoticeLevel.INFO
    ends_at: float | None = None
    choices: tuple[NoticeChoice, ...] = ()
    answer: str | None = None
    """The id of what the person chose. Set by the session, never by the sender."""
    answered_at: float | None = None
    """When, in seconds since the Unix epoch by the session's clock. Set by the session too."""

    def in_language(self, code: str) -> "Notice":
        """Return it with its phrases in a language; what is no phrase stays as it is."""
        choices = tuple(
            NoticeChoice(each.id, in_language(each.label, code)) for each in self.choices
        )
        return replace(self, text=in_language(self.text, code), choices=choices)

    def to_json(self) -> str:
        """Write the notice as one line of JSON, for a session to show.

        Without choices the field is left out: sessions of older images do not know it.
        """
        said = asdict(self)
        del said["answer"], said["answered_at"]
        if not self.choices:
            del said["choices"]
        return json.dumps(said)


class NoticeError(ValueError):
    """Not a notice. The message says which field is wrong, and what is allowed."""


_OWN = ("answer", "answered_at")
"""The fields that the session sets."""
_FIELDS = tuple(field.name for field in fields(Notice) if field.name not in _OWN)
_CHOICE_FIELDS = tuple(field.name for field in fields(NoticeChoice))
_ANSWER_FIELDS = ("id", "choice")


def read_notice(said: object) -> Notice:
    """Read what `Notice.to_json` wrote, once it is parsed. Raises NoticeError.

    Checked by hand: importing pydantic would take a twentieth of a session's start.
    """
    said = _object(said)
    _only(said, _FIELDS)
    return Notice(
        id=_words(said, "id", LONGEST_NOTICE_ID),
        text=_words(said, "text", LONGEST_NOTICE),
        level=_level(said.get("level", NoticeLevel.INFO)),
        ends_at=_ends_at(said.get("ends_at")),
        choices=_choices(said.get("choices", [])),
    )


def read_answer(said: object) -> tuple[str, str]:
    """Read an answer to a notice: the notice's id, the choice's. Raises NoticeError."""
    said = _object(said)
    _only(said, _ANSWER_FIELDS)
    return _words(said, "id", LONGEST_NOTICE_ID), _words(said, "choice", LONGEST_NOTICE_ID)


def _object(said: object) -> Mapping[str, object]:
    if not isinstance(said, dict):
        raise NoticeError('The body must be a JSON object, such as {"id": "...", "text": "..."}.')
    return said


def _only(said: Mapping[str, object], allowed: tuple[str, ...]) -> None:
    if unknown := [name for name in said if name not in allowed]:
        raise NoticeError(f"Unknown field {unknown[0][:40]!r}. Allowed: {', '.join(allowed)}.")


def _choices(value: object) -> tuple[NoticeChoice, ...]:
    if not isinstance(value, list) or len(value) > _MOST_CHOICES:
        raise NoticeError(f"'choices' must be a list of at most {_MOST_CHOICES} objects.")
    choices = tuple(_choice(each) for each in value)
    if len({each.id for each in choices}) < len(choices):
        raise NoticeError("Two of the 'choices' have the same 'id'.")
    return choices


def _choice(value: object) -> NoticeChoice:
    if not isinstance(value, dict):
        raise NoticeError('A choice must be an object, such as {"id": "...", "label": "..."}.')
    _only(value, _CHOICE_FIELDS)
    return NoticeChoice(
        id=_words(value, "id", LONGEST_NOTICE_ID), label=_words(value, "label", _LONGEST_LABEL)
    )


def _words(said: Mapping[str, object], name: str, longest: int) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise NoticeError(f"{name!r} must be a text of 1 to {longest:,} characters.")
    return value


def _level(value: object) -> NoticeLevel:
    try:
        return NoticeLevel(str(value))
    except ValueError:
        allowed = ", ".join(NoticeLevel)
        raise NoticeError(f"'level' must be one of: {allowed}. Left out, it is info.") from None


def _ends_at(value: object) -> float | None:
    if value is None:
        return None
    # The range keeps out NaN and infinity too, which Python's JSON reads.
    if (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and 0 <= value <= _LAST_SECOND
    ):
        return float(value)
    raise NoticeError("'ends_at' must be a number of seconds since the Unix epoch, or null.")
