"""Importing a file of people. An import that was interrupted goes on when it is run again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from gpucommons_people import handout
from gpucommons_people.accounts import Leftover, add_user, check_leftovers, make_account
from gpucommons_people.change import Change
from gpucommons_people.errors import PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.people_file import Row, read_people
from gpucommons_people.workspaces import Workspace

OnProgress = Callable[[int, int], None]
"""Called with how many people are done, and how many there are."""

_AT_ONCE = 8
"""Hashing takes cores, and the API server has other things to do."""


async def import_users(
    it: Installation,
    file: Path,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda _done, _all: None,
) -> Change:
    """Make all accounts of a file, and add teams to those there are.

    Everything is checked before anything changes. Raises InputError with all mistakes.
    """
    rows = read_people(file, await it.team_names())
    handout.template(it.configuration)
    known = {each.email for each in await it.dex.all()}
    workspaces = await _workspaces(it)
    await _check_all(it, [row for row in rows if row.person.user not in known], workspaces, file)
    if not dry_run:
        it.audit.check()
    changes: dict[str, Change] = {}

    async def one(row: Row) -> None:
        user, refuse = row.person.user, Leftover.REFUSE
        if user in known:
            had = workspaces.get(user, ())
            change = await add_user(it, row.person, refuse, workspaces=had, dry_run=dry_run)
        else:  # nobody of that name left anything: that was checked above
            change = await make_account(it, row.person, (), refuse, dry_run=dry_run)
        changes[user] = change
        on_progress(len(changes), len(rows))

    try:
        await _each(rows, one)
    except PeopleError as error:
        raise PeopleError(
            f"{len(changes)} of {len(rows)} people were done, then: {error}\n"
            "Run the same import again; it goes on from there."
        ) from error
    return _summary(file, [changes[row.person.user] for row in rows], dry_run, it)


async def _workspaces(it: Installation) -> dict[str, list[Workspace]]:
    """Return everybody's workspaces by owner: one look instead of one for each line."""
    found: dict[str, list[Workspace]] = {}
    for each in await it.workspaces.all():
        found.setdefault(each.owner, []).append(each)
    return found


async def _check_all(
    it: Installation, rows: Sequence[Row], workspaces: Mapping[str, Sequence[Workspace]], file: Path
) -> None:
    """Refuse the file if a new account would get what somebody of that name left."""
    problems: dict[int, str] = {}

    async def one(row: Row) -> None:
        user = row.person.user
        try:
            await check_leftovers(it, user, workspaces.get(user, ()), Leftover.REFUSE)
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


def _summary(file: Path, changes: Sequence[Change], dry_run: bool, it: Installation) -> Change:
    made = [each.subject for each in changes if "handout" in each.data]
    extended = [each.subject for each in changes if each.changed and "handout" not in each.data]
    unchanged = [each.subject for each in changes if not each.changed]
    steps = []
    if made:
        steps.append(f"Make {len(made)} accounts; handouts are in {it.configuration.handouts}.")
    if extended:
        steps.append(f"Add teams to {len(extended)} accounts: {', '.join(extended)}.")
    left = tuple(sentence for each in changes for sentence in each.left)
    if unchanged:
        left = (f"{len(unchanged)} accounts are so already.", *left)
    data = {"made": made, "extended": extended, "unchanged": unchanged}
    return Change("import users", str(file), tuple(steps), left, dry_run, data)
