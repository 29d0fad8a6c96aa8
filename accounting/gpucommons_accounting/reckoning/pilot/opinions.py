"""What people answered in a quarter, summed up so that nobody can be picked out. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from gpucommons_accounting.records.feedback import NOT_USED, SCALE, Answer, Topic

FEWEST = 5
"""Ratings of a topic that it takes to show how they are spread."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """How people rate one topic."""

    rated: int
    """How many people gave a rating."""
    not_used: int
    """How many said that they have not used it."""
    spread: Mapping[int, int] | None
    """By each rating, how many gave it; None where fewer than `FEWEST` did."""
    median: float | None
    """None wherever ``spread`` is."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """What all answers of a quarter say."""

    people: int
    """How many answered."""
    topics: Mapping[Topic, Opinion]
    texts: tuple[str, ...]
    """By the alphabet, so that their order says nothing of who wrote them, or when."""


def opinions(answers: Collection[Answer]) -> Opinions:
    """Sum up the answers of a quarter."""
    return Opinions(
        people=len(answers),
        topics={
            topic: _opinion(each.ratings[topic] for each in answers if topic in each.ratings)
            for topic in Topic
        },
        texts=tuple(sorted(each.text for each in answers if each.text)),
    )


def _opinion(given: Iterable[int]) -> Opinion:
    counted = Counter(given)
    not_used = counted.pop(NOT_USED, 0)
    rated = counted.total()
    if rated < FEWEST:
        return Opinion(rated, not_used, None, None)
    spread = {rating: counted[rating] for rating in SCALE}
    return Opinion(rated, not_used, spread, median(counted.elements()))
