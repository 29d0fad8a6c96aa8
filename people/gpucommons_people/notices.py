"""Notices to people in sessions, such as of maintenance: sent and withdrawn.

The hub shows them in running sessions at once; sessions that start later show those in force.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from gpucommons_contract import (
    LONGEST_NOTICE,
    LONGEST_NOTICE_ID,
    Notice,
    NoticeLevel,
    StandingNotice,
)
from gpucommons_contract.formats.wording import moment

from gpucommons_people import standing_notices
from gpucommons_people.change import Change
from gpucommons_people.clients.hub import Delivery
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name

_USUALLY = timedelta(days=1)
"""How long a notice is in force by default."""
_LONGEST = timedelta(days=30)
_OLD_HUB = "The hub is too old for this: it cannot send notices to sessions. Upgrade it."


async def send(
    installation: Installation,
    text: str,
    *,
    notice_id: str,
    level: NoticeLevel,
    ends_in: timedelta | None = None,
    stands_for: timedelta | None = None,
    users: Sequence[str] = (),
    dry_run: bool = False,
) -> Change:
    """Show a notice in all running and new sessions, or in those of ``users``.

    ends_in is the time until the event it warns of; new sessions show the notice until then.
    stands_for is how long new sessions show one that warns of no event; a day if left out.
    A later notice with the same id replaces it.
    """
    text, notice_id = text.strip(), notice_id.strip()
    if not 1 <= len(text) <= LONGEST_NOTICE:
        raise InputError(f"A notice has 1 to {LONGEST_NOTICE:,} characters.")
    _checked_id(notice_id)
    now = datetime.now(UTC)
    until = now + _length(ends_in, stands_for)
    ends_at = None if ends_in is None else until.timestamp()
    people = tuple(sorted({user_name(each) for each in users}))
    notice = Notice(notice_id, text, level, ends_at)
    standing = StandingNotice(
        notice, until, installation.audit.who, now.replace(microsecond=0), people
    )
    whom = ", ".join(people) or "everybody"
    data = standing_notices.notice_json(standing)
    later = f"Show the notice {notice_id} in new sessions of {whom} until {moment(until)}."
    if dry_run:
        now_too = f"Show the notice {notice_id} in running sessions of {whom}."
        return Change("send notice", whom, (later, now_too), (), dry_run, data)
    hub = installation.hub_needed()
    installation.audit.check()
    installation.audit.write("send notice", whom, data)
    await standing_notices.put(installation, standing)
    with _half_done(f"New sessions show the notice {notice_id} from now on"):
        reached = _known(await hub.show_notice(notice, people or None))
    await standing_notices.clear_away(installation)
    steps = (later, *_done(f"Show the notice {notice_id} in", reached))
    return Change("send notice", whom, steps, _left(reached), data=data | _delivery(reached))


async def tell(installation: Installation, notice: Notice, user: str, lasts: timedelta) -> str:
    """Tell somebody what was done with their files: in sessions that run, and for a while in new.

    Returns a sentence about what could not be told; empty if all was.
    """
    now = datetime.now(UTC)
    standing = StandingNotice(
        notice, now + lasts, installation.audit.who, now.replace(microsecond=0), (user,)
    )
    try:
        await standing_notices.put(installation, standing)
        if installation.hub:
            await installation.hub.show_notice(notice, (user,))
    except PeopleError as error:
        return f"{user} could not be told of it: {error}"
    return ""


async def withdraw(installation: Installation, notice_id: str, *, dry_run: bool = False) -> Change:
    """Withdraw a notice from all running sessions, and show it in no new one."""
    notice_id = notice_id.strip()
    _checked_id(notice_id)
    data: dict[str, object] = {"id": notice_id}
    stood = await standing_notices.find(installation, notice_id) is not None
    later = (f"Stop showing the notice {notice_id} in new sessions.",) if stood else ()
    if dry_run:
        steps = (*later, f"Withdraw the notice {notice_id} from all running sessions.")
        return Change("withdraw notice", notice_id, steps, (), dry_run, data)
    hub = installation.hub_needed()
    installation.audit.check()
    installation.audit.write("withdraw notice", notice_id, data)
    await standing_notices.take_back(installation, notice_id)
    with _half_done(f"New sessions no longer show the notice {notice_id}"):
        reached = _known(await hub.withdraw_notice(notice_id))
    await standing_notices.clear_away(installation)
    steps = (*later, *_done(f"Withdraw the notice {notice_id} from", reached))
    return Change(
        "withdraw notice", notice_id, steps, _left(reached), data=data | _delivery(reached)
    )


def _checked_id(notice_id: str) -> None:
    if not 1 <= len(notice_id) <= LONGEST_NOTICE_ID:
        raise InputError(f"The id of a notice has 1 to {LONGEST_NOTICE_ID} characters.")


def _length(ends_in: timedelta | None, stands_for: timedelta | None) -> timedelta:
    """Return how long new sessions show it."""
    if ends_in is not None and stands_for is not None:
        raise InputError(
            "Give --in or --for, not both: with --in, new sessions show the notice until "
            "the event that it warns of."
        )
    if ends_in is not None:
        return ends_in
    length = _USUALLY if stands_for is None else stands_for
    if not timedelta() < length <= _LONGEST:
        raise InputError(f"--for must be at least 1s and at most {_LONGEST.days}d.")
    return length


@contextmanager
def _half_done(what: str) -> Iterator[None]:
    """Let an error say what was done before it, and what to do for the rest."""
    try:
        yield
    except PeopleError as error:
        raise type(error)(
            f"{what}. Running sessions may not have been reached; for them, run the same "
            f"command again once this is fixed: {error}"
        ) from error


def _known(reached: Delivery | None) -> Delivery:
    if reached is None:
        raise NotThereError(_OLD_HUB)
    return reached


def _done(step: str, reached: Delivery) -> tuple[str, ...]:
    count = len(reached.told)
    sessions = f"{count} session" if count == 1 else f"{count} sessions"
    return (f"{step} {sessions}.",) if count else ()


def _left(reached: Delivery) -> tuple[str, ...]:
    return tuple(f"Not reached: {name}. The hub's log says why." for name in reached.missed)


def _delivery(reached: Delivery) -> dict[str, object]:
    return {"told": list(reached.told), "missed": list(reached.missed)}
