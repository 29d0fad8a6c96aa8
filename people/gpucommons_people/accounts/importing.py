"""Importing a file of people. An import that was interrupted continues when it is run again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from gpucommons_contract.formats.wording import first_of

from gpucommons_people.accounts.accounts import Leftover, add_user, check_leftovers, make_account
from gpucommons_people.accounts.people_file import Row, read_people
from gpucommons_people.change import Change
from gpucommons_people.clients.workspaces import Workspace
from gpucommons_people.errors import PeopleError
from gpucommons_people.files import handout
from gpucommons_people.installation import Installation

OnProgress = Callable[[int, int], None]
"""Called with how many people are done, and how many there are."""

_NAMED = 20
"""How many people are named in one line; all of them are in the JSON."""
_AT_ONCE = 8
"""Hashing takes cores, and the API server has other things to do."""


async def import_users(
    installation: Installation,
    file: Path,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda _done, _all: None,
) -> Change:
    """Make all accounts of a file, and add teams to those there are.

    Everything is checked before anything changes. Raises InputError with all mistakes.
    """
    rows = read_people(file, await installation.team_names())
    handout.template(installation.configuration)
    known = {each.email for each in await installation.dex.all()}
    workspaces = await _workspaces(installation)
    await _check_all(
        installation, [row for row in rows if row.person.user not in known], workspaces, file
    )
    if not dry_run:
        installation.audit.check()
    changes: dict[str, Change] = {}

    async def one(row: Row) -> None:
        user, refuse = row.person.user, Leftover.REFUSE
        if user in known:
            had = workspaces.get(user, ())
            change = await add_user(
                installation, row.person, refuse, workspaces=had, dry_run=dry_run
            )
        else:  # nobody of that name left anything: that was checked above
            change = await make_account(installation, row.person, (), refuse, dry_run=dry_run)
        changes[user] = change
        on_progress(len(changes), len(rows))

    try:
        await _each(rows, one)
    except PeopleError as error:
        raise PeopleError(
            f"{len(changes)} of {len(rows)} people were done, then: {error}\n"
            "Run the same import again; it continues from there."
        ) from error
    return _summary(file, [changes[row.person.user] for row in rows], dry_run, installation)


async def _workspaces(installation: Installation) -> dict[str, list[Workspace]]:
    """Return everybody's workspaces by owner: one look instead of one for each line."""
    found: dict[str, list[Workspace]] = {}
    for each in await installation.workspaces.all():
        found.setdefault(each.owner, []).append(each)
    return found


async def _check_all(
    installation: Installation,
    rows: Sequence[Row],
    workspaces: Mapping[str, Sequence[Workspace]],
    file: Path,
) -> None:
    """Refuse the file if a new account would get what somebody of that name left."""
    problems: dict[int, str] = {}

    async def one(row: Row) -> None:
        user = row.person.user
        try:
            await check_leftovers(installation, user, workspaces.get(user, ()), Leftover.REFUSE)
        except PeopleError as error:
            problems[row.line] = f"line {row.line}: {error}"

    await _each(rows, one)
    if problems:
        listed = tuple(problems[line] for line in sorted(problems))
        raise PeopleError(f"{file} cannot be imported as it is; nothing was changed.", listed)


async def _each(rows: Sequence[Row], one: Callable[[Row], Awaitable[None]]) -> None:
    """Do one thing for every row, a few at once; the first PeopleError ends it."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def placed(row: Row) -> None:
        async with places:
            await one(row)

    try:
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(placed(row))
    except* PeopleError as errors:
        raise _first(errors) from None


def _first(errors: BaseExceptionGroup[PeopleError]) -> PeopleError:
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, PeopleError)
    return found


def _summary(
    file: Path, changes: Sequence[Change], dry_run: bool, installation: Installation
) -> Change:
    made = [each.subject for each in changes if "handout" in each.data]
    extended = [each.subject for each in changes if each.changed and "handout" not in each.data]
    unchanged = [each.subject for each in changes if not each.changed]
    steps = []
    if made:
        handouts = f"handouts are in {installation.configuration.handouts}"
        steps.append(f"Create {len(made)} accounts, of {first_of(made, _NAMED)}; {handouts}.")
    if extended:
        steps.append(f"Add teams to {len(extended)} accounts: {first_of(extended, _NAMED)}.")
    left = tuple(sentence for each in changes for sentence in each.left)
    if unchanged:
        left = (f"{len(unchanged)} accounts need no change.", *left)
    data = {"made": made, "extended": extended, "unchanged": unchanged}
    return Change("import users", str(file), tuple(steps), left, dry_run, data)
