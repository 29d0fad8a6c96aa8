"""Results on the terminal: short and plain for people, one JSON document for programs."""

import json as jsonlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from gpucommons_contract import Grant, StandingNotice
from gpucommons_contract.formats.wording import counted
from rich import table as rich_table
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from gpucommons_people.accounts.person import PersonState, account_json
from gpucommons_people.change import Change
from gpucommons_people.clients.dex_accounts import Account
from gpucommons_people.clients.snapshots import in_words
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.grants import amounts, grant_json
from gpucommons_people.standing_notices import notice_json
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import devices_of
from gpucommons_people.teams.teams import TeamState

_TEAM_COLUMNS = {
    "gpus": "GPUs",
    "gpu_shares": "GPU shares",
    "sessions": "Sessions",
    "cpu": "CPU",
    "memory": "Memory",
    "storage": "Storage",
}
_TEXTS = {"Name", "Reason", "Notice", "Groups", "Last snapshot"}
"""Columns whose content may be broken into lines."""
_LEAST = 24
"""Characters of such a column that are never broken."""
_WIDEST = 10_000
"""Characters; no row is as wide."""


@dataclass(frozen=True, slots=True)
class Table:
    """What is shown in columns; ``empty`` is said where there are no rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str


class Output:
    """Where a command shows what came of it. With json nothing else goes to stdout."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._out = Console(highlight=False)
        self._err = Console(stderr=True, highlight=False)

    def error(self, error: PeopleError) -> None:
        """Show an error as a person should read it."""
        if self._json:
            message = str(error.args[0]) if error.args else ""
            kind = type(error).__name__
            found = {"message": message, "problems": list(error.problems), "kind": kind}
            self._print_json({"error": found})
        else:
            self._err.print(str(error), style="red", markup=False, soft_wrap=True)

    def waiting(self, what: str) -> None:
        """Say what is waited for, apart from the result."""
        self._err.print(what, style="yellow", markup=False, soft_wrap=True)

    def show(self, document: Mapping[str, object], parts: Iterable[str | Table]) -> None:
        """Show a document to programs, and lines and tables to people."""
        if self._json:
            self._print_json(document)
            return
        for each in parts:
            if isinstance(each, Table):
                self._table(each.columns, each.rows, each.empty)
            else:
                self._line(each)

    def confirmed(self, steps: Sequence[str], name: str) -> bool:
        """Show what cannot be taken back, and return whether the name was typed."""
        for each in steps:
            self._err.print(each, markup=False, soft_wrap=True)
        question = f"Nothing of it can be read again. Type {name} to go on: "
        return self._err.input(question, markup=False).strip() == name

    def changes(self, changes: Sequence[Change]) -> None:
        """Show what was done, or would be."""
        if self._json:
            self._print_json({"changes": [each.as_json() for each in changes]})
            return
        for each in changes:
            self._change(each)

    def teams(self, teams: Sequence[Team]) -> None:
        """Show all teams with their limits."""
        if self._json:
            self._print_json({"teams": [each.model_dump() for each in teams]})
            return
        rows = [
            [each.name, each.display_name, *(_shown(getattr(each, k)) for k in _TEAM_COLUMNS)]
            for each in teams
        ]
        self._table(["Team", "Name", *_TEAM_COLUMNS.values()], rows, "There is no team yet.")

    def team(self, state: TeamState) -> None:
        """Show one team and what is in it."""
        if self._json:
            self._print_json(state.as_json())
            return
        self._line(f"{state.team.title} ({state.team.name})")
        rows = [
            [title, state.used[field], _shown(getattr(state.team, field)) or "no limit"]
            for field, title in _TEAM_COLUMNS.items()
        ] + [
            [name, state.used.get(name, "not counted"), str(count)]
            for name, count in devices_of(state.team).items()
        ]
        self._table(["", "Used", "Limit"], rows, "")
        self._line(f"\nNew workspaces: {_sizes(state.team)}")
        self._line(f"Team folder: {_folder(state)}")
        self._line(f"Members with an account in Dex: {', '.join(state.members) or 'none'}")
        self._line(f"Sessions: {len(state.sessions)}")
        self._workspace_table(state.workspaces)

    def leads(self, team: str, leads: Mapping[str, str]) -> None:
        """Show who leads a team."""
        found = [{"user": user, "since": since} for user, since in sorted(leads.items())]
        rows = [[each["user"], each["since"] or "not signed in yet"] for each in found]
        table = Table(["Lead", "Account since"], rows, f"Nobody leads team {team}.")
        self.show({"team": team, "leads": found}, [table])

    def users(self, accounts: Sequence[Account]) -> None:
        """Show accounts."""
        if self._json:
            self._print_json({"users": [account_json(each) for each in accounts]})
            return
        rows = [[each.email, each.name, ", ".join(each.groups)] for each in accounts]
        self._table(["User", "Name", "Groups"], rows, "Dex has no account of its own.")

    def user(self, state: PersonState) -> None:
        """Show all there is of one person."""
        if self._json:
            self._print_json(state.as_json())
            return
        account = state.account
        self._line(f"{state.user}{f' ({account.name})' if account else ''}")
        self._line(f"Account   {_account(state)}")
        if account:
            self._line(f"Groups    {', '.join(account.groups) or 'none'}")
        self._line(f"Hub       {_in_hub(state)}")
        running = ", ".join(
            f"{each.server or '(default)'} in {each.team}" for each in state.sessions
        )
        self._line(f"Sessions  {running or 'none'}")
        if state.devices:
            listed = ", ".join(f"{each.device} ({each.address})" for each in state.devices)
            self._line(f"Devices   {listed}")
        self._workspace_table(state.workspaces)

    def workspaces(self, workspaces: Sequence[Workspace]) -> None:
        """Show workspaces with their sizes."""
        if self._json:
            self._print_json({"workspaces": [each.as_json() for each in workspaces]})
        else:
            self._workspace_table(workspaces)

    def grants(self, grants: Sequence[Grant]) -> None:
        """Show quota grants."""
        if self._json:
            self._print_json({"grants": [grant_json(each) for each in grants]})
            return
        rows = [
            [
                each.name,
                each.user or f"team {each.team}",
                amounts(each),
                f"{each.until:%Y-%m-%d %H:%M}",
                each.by,
                f"{each.reason} (revoked by {each.revoked_by})" if each.revoked_by else each.reason,
            ]
            for each in grants
        ]
        columns = ["ID", "For", "Granted", "Until (UTC)", "By", "Reason"]
        self._table(columns, rows, "There are no quota grants.")

    def notices(self, notices: Sequence[StandingNotice]) -> None:
        """Show the notices that new sessions show."""
        if self._json:
            self._print_json({"notices": [notice_json(each) for each in notices]})
            return
        rows = [
            [
                each.notice.id,
                ", ".join(each.users) or "everybody",
                f"{each.until:%Y-%m-%d %H:%M}",
                each.by,
                each.notice.text,
            ]
            for each in notices
        ]
        columns = ["ID", "For", "Until (UTC)", "By", "Notice"]
        self._table(columns, rows, "No notice is in force.")

    @contextmanager
    def countdown(self) -> Iterator[Callable[[tuple[str, ...], float], None]]:
        """Yield what shows, while sessions are waited for, how long that takes."""
        if self._json or not self._err.is_terminal:
            yield lambda _sessions, _seconds: None
            return
        with self._err.status("") as status:

            def told(sessions: tuple[str, ...], seconds: float) -> None:
                count = counted(len(sessions), "session")
                status.update(f"{count} to stop in {_clock(seconds)}; Ctrl+C ends the wait alone")

            yield told

    @contextmanager
    def progress(self) -> Iterator[Callable[[int, int], None]]:
        """Yield what shows how many people of an import are done."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        quiet = self._json or not self._err.is_terminal
        with Progress(*columns, console=self._err, transient=True, disable=quiet) as bar:
            task = bar.add_task("People", total=None)

            def told(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield told

    @contextmanager
    def transfer(self) -> Iterator[Callable[[int, int], None]]:
        """Yield what shows how many bytes are done. It may be called by another thread."""
        columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
        quiet = self._json or not self._err.is_terminal
        with Progress(*columns, console=self._err, transient=True, disable=quiet) as bar:
            task = bar.add_task("", total=None)

            def told(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield told

    def _change(self, change: Change) -> None:
        if not change.changed:
            self._line(f"{change.subject or 'Workspaces'}: nothing to do.")
        else:
            self._line("Would do:" if change.dry_run else "Done:")
        for step in change.steps:
            self._line(f"  {step}")
        for each in change.left:
            self._line(f"Note: {each}")

    def _workspace_table(self, workspaces: Sequence[Workspace]) -> None:
        now = datetime.now(UTC)
        rows = [
            [
                *(each.owner, each.team, each.size, each.storage_class, _shown(each.kept_until)),
                in_words(each.snapshot, now),
            ]
            for each in workspaces
        ]
        columns = ["Workspace of", "Team", "Size", "Storage class", "Kept until", "Last snapshot"]
        self._table(columns, rows, "Workspaces: none")

    def _table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        if not rows:
            self._line(empty)
            return
        # An address or a name is of no use in part: columns are kept whole, but for final texts.
        table = rich_table.Table(box=None, pad_edge=False)
        for number, column in enumerate(columns):
            longest = max(len(text) for text in (column, *(row[number] for row in rows)))
            least = min(longest, _LEAST) if column in _TEXTS else longest
            table.add_column(column, no_wrap=column not in _TEXTS, min_width=least)
        for row in rows:
            table.add_row(*(escape(value) for value in row))
        wide = self._out.options.update(width=_WIDEST)
        width = max(self._out.width, self._out.measure(table, options=wide).minimum)
        Console(highlight=False, width=width).print(table)

    def _line(self, text: str) -> None:
        self._out.print(text, markup=False, soft_wrap=True)

    def _print_json(self, document: Mapping[str, object]) -> None:
        sys.stdout.write(jsonlib.dumps(document, indent=2, default=str) + "\n")


def _account(state: PersonState) -> str:
    elsewhere = ", ".join(state.connectors)
    if state.account:
        return f"in Dex; signs in through {elsewhere} too" if elsewhere else "in Dex"
    if elsewhere:
        return f"not Dex's own: signs in through {elsewhere}, where password and groups are changed"
    if state.hub_user:
        return "none in Dex, and not signed in; if it comes from LDAP, OIDC or GitHub, look there"
    return "none; what is below was left by somebody of that name"


def _in_hub(state: PersonState) -> str:
    if not state.hub_asked:
        return "not asked: the configuration names none"
    if not state.hub_user:
        return "has not seen this person yet" if state.account else "does not know this person"
    return f"knows this person; groups there: {', '.join(state.hub_user.groups) or 'none'}"


def _sizes(team: Team) -> str:
    others = team.workspace or "as large as the installation makes them"
    own = (f"{size} for {user}" for user, size in team.workspaces.items())
    return "; ".join([others, *own])


def _folder(state: TeamState) -> str:
    wanted, there = state.team.team_folder, state.folder
    if there is None:
        return f"{wanted}, which is not there yet" if wanted else "none"
    what = f"{there.size}, class {there.storage_class or '(none)'}"
    last = in_words(there.snapshot, datetime.now(UTC))
    return "; ".join(
        filter(None, (what, f"last snapshot: {last}", "" if wanted else "sessions do not get it"))
    )


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
