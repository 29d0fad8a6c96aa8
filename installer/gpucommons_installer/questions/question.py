"""One question: what is asked, what is allowed, and what holds if nothing is said."""

from collections.abc import Callable
from dataclasses import dataclass

from gpucommons_installer.answers import Answered, Value


@dataclass(frozen=True, slots=True)
class When:
    """When a question is asked at all. words are for messages: ``--database is given``."""

    holds: Callable[[Answered], bool]
    words: str


def if_is(key: str, *values: Value) -> When:
    """Ask only if an earlier answer is one of these."""
    listed = " or ".join(map(str, values))
    return When(lambda so_far: so_far.get(key) in values, f"{_flag(key)} is {listed}")


def if_any(key: str) -> When:
    """Ask only if an earlier answer is more than 0."""
    return When(lambda so_far: bool(so_far.get(key)), f"{_flag(key)} is more than 0")


@dataclass(frozen=True, slots=True)
class Question:
    """What the engineer is asked, and what the answer may be.

    check turns what was typed into what is kept, and raises ValueError for what is not allowed.
    default is what holds if nothing is said, by the answers so far; without it somebody has to
    answer. An answer that may be empty has a default that is.
    rule says what holds between this answer and those before; it raises ValueError.
    """

    key: str
    text: str
    allowed: str
    check: Callable[[str], Value]
    default: str | Callable[[Answered], str | None] | None = None
    when: When | None = None
    rule: Callable[[Value, Answered], None] | None = None

    @property
    def flag(self) -> str:
        """The option of the command that answers it."""
        return _flag(self.key)

    def applies(self, so_far: Answered) -> bool:
        """Whether it is asked, given what was answered before."""
        return self.when is None or self.when.holds(so_far)

    def usual(self, so_far: Answered) -> str | None:
        """Return what holds if nothing is said; None if somebody has to answer."""
        return self.default(so_far) if callable(self.default) else self.default

    def read(self, text: str, so_far: Answered) -> Value:
        """Check an answer. Raises ValueError that says what is allowed."""
        written = text.strip()
        if not written:
            if self.usual(so_far) != "":
                raise ValueError(f"it is empty; write {self.allowed}")
            return ""
        value = self.check(written)
        if self.rule is not None:
            self.rule(value, so_far)
        return value


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")
