"""Errors for whoever gives a command."""


class PeopleError(Exception):
    """Something that was refused or failed; the text says what, and what to do about it.

    problems are the single mistakes, where there are several, each a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {each}" for each in self.problems)])


class InputError(PeopleError):
    """What was given cannot be right whatever the cluster holds: a name, a file, an option."""

    exit_code = 2


class NotThereError(PeopleError):
    """The person, team or workspace is not known."""


class UnreachableError(PeopleError):
    """The cluster or the hub does not answer, or not what was asked.

    what is the first half of the text, without its end and without advice. asked is after how
    many seconds the server wants to be asked again, if it says so.
    """

    def __init__(self, what: str, advice: str = "", asked: float | None = None) -> None:
        super().__init__(f"{what}. {advice}" if advice else what)
        self.what, self.asked = what, asked


class MissingRightError(PeopleError):
    """The cluster or the hub answers that we may not."""
