"""What was found, on the terminal: a table for people, one JSON document for programs."""

import json as jsonlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from gpucommons_contract.formats.wording import counted, joined
from gpucommons_people.errors import PeopleError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, State
from gpucommons_doctor.runner import Result

_STYLES = {State.GOOD: "green", State.WARNING: "yellow", State.FAULT: "bold red"}
_OTHER_STYLE = "magenta"
_WIDEST = 120
"""Characters: longer lines are hard to read."""
_NARROWEST = 80
"""Characters: where the output is not a terminal, and on a small one."""


class Output:
    """Where the command shows its results. With json nothing else goes to stdout."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        width = max(_NARROWEST, min(_WIDEST, Console().width))
        self._out = Console(highlight=False, width=width)
        self._err = Console(stderr=True, highlight=False)

    def error(self, error: PeopleError) -> None:
        """Say why nothing was looked at."""
        if self._json:
            self._print_json({"error": {"message": str(error), "kind": type(error).__name__}})
        else:
            self._err.print(str(error), style="red", markup=False, soft_wrap=True)

    def problems(self, problems: Sequence[str]) -> None:
        """Say what else went wrong, apart from the results. stdout keeps to these."""
        for each in problems:
            self._err.print(each, style="red", markup=False, soft_wrap=True)

    def checks(self, checks: Sequence[type[Check]]) -> None:
        """List checks without running them."""
        listed = [{"name": each.name, "question": each.question} for each in checks]
        rows = [(Text(each.name), Text(each.question)) for each in checks]
        self.show({"checks": listed}, ("Check", "Question"), rows)

    def results(self, results: Sequence[Result]) -> None:
        """Show what all checks found."""
        rows = [
            (
                Text("" if number else result.check.name),
                styled(finding.state),
                Text(finding_text(finding)),
            )
            for result in results
            for number, finding in enumerate(result.findings)
        ]
        document = {"checks": [each.as_json() for each in results]}
        self.show(document, ("Check", "State", "Found, and what to do"), rows, summary(results))

    def show(
        self,
        document: Mapping[str, object],
        columns: Sequence[str],
        rows: Iterable[Sequence[Text]],
        last: str = "",
    ) -> None:
        """Show rows, with a line below them, to people, and the document to programs."""
        if self._json:
            self._print_json(document)
            return
        table = Table(box=None, pad_edge=False)
        for column in columns[:-1]:
            table.add_column(column, no_wrap=True)
        table.add_column(columns[-1], overflow="fold")
        for row in rows:
            table.add_row(*row)
        self._out.print(table)
        if last:
            self._out.print(f"\n{last}", markup=False)

    @contextmanager
    def telling(self) -> Iterator[Callable[[str], None]]:
        """Show on a terminal what happens meanwhile; nothing of it stays."""
        if not self._err.is_terminal:
            yield lambda _: None
            return
        with self._err.status("") as status:
            yield lambda words: status.update(Text(words))

    @staticmethod
    def _print_json(document: Mapping[str, object]) -> None:
        sys.stdout.write(jsonlib.dumps(document, indent=2) + "\n")


def summary(results: Sequence[Result]) -> str:
    """Count the findings by state: ``12 good, 1 fault.``"""
    findings = [finding for result in results for finding in result.findings]
    counts = {state: sum(1 for each in findings if each.state is state) for state in State}
    words = [
        f"{count} {state}" if state in {State.GOOD, State.UNKNOWN} else counted(count, str(state))
        for state, count in counts.items()
        if count
    ]
    return f"{joined(words)}."


def styled(state: State) -> Text:
    """Return a state in its colour."""
    return Text(str(state), _STYLES.get(state, _OTHER_STYLE))


def finding_text(finding: Finding) -> str:
    """Return what was found, and below it what to do."""
    return f"{finding.found}\n→ {finding.advice}" if finding.advice else finding.found
