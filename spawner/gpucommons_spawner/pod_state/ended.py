"""How it is said that a session ended which nobody stopped. Pure."""

from datetime import datetime

from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase, sentences

_KEPT = phrase("Files saved in your home folder are kept; what was only in memory is lost.")


def session_ended(cause: str, at: str | datetime | None) -> str:
    """Say that it ended, when if that is known, why, and what is left of it."""
    if not at:
        return sentences(phrase("Your session ended: %(cause)s.", cause=cause), _KEPT)
    when = moment(datetime.fromisoformat(at) if isinstance(at, str) else at)
    said = phrase("Your session ended at %(moment)s: %(cause)s.", moment=when, cause=cause)
    return sentences(said, _KEPT)
