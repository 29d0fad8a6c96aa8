"""What the form about how it goes has. Each error says what is allowed."""

from gpucommons_contract.words import phrase
from gpucommons_web.access import wrong
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.records.feedback import LONGEST_TEXT, NOT_USED, SCALE, Answer, Topic

_ALLOWED = {str(each): each for each in (*SCALE, NOT_USED)}
TEXT = "text"
"""The field of the free text."""


def answer(form: Fields) -> Answer:
    """Return the answer of a form: a field for each topic, and the text."""
    given = {topic: text(form, str(topic)) for topic in Topic}
    if any(value is not None and value not in _ALLOWED for value in given.values()):
        raise wrong(
            phrase(
                "Each rating must be a number from %(least)s to %(most)s, or %(not_used)s where "
                "you have not used it.",
                least=SCALE[0],
                most=SCALE[-1],
                not_used=NOT_USED,
            )
        )
    # A browser sends the end of a line as two characters, and counts it as one.
    words = (text(form, TEXT) or "").replace("\r\n", "\n")
    if len(words) > LONGEST_TEXT:
        raise wrong(
            phrase(
                "The text has %(count)s characters; at most %(most)s are kept. Shorten it.",
                count=len(words),
                most=LONGEST_TEXT,
            )
        )
    ratings = {topic: _ALLOWED[value] for topic, value in given.items() if value is not None}
    found = Answer(ratings, words)
    if found.is_empty:
        raise wrong(phrase("Nothing was kept: answer at least one question, or write something."))
    return found
