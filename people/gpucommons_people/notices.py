"""What people in sessions have to be told, such as maintenance: shown there, and taken back."""

import time
from collections.abc import Sequence
from datetime import timedelta

from gpucommons_contract import LONGEST_NOTICE, LONGEST_NOTICE_ID, Notice, NoticeLevel

from gpucommons_people.change import Change
from gpucommons_people.errors import InputError, NotThereError
from gpucommons_people.hub import Delivery
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name

_LATER = "Sessions that start later are not told: give the command again, it only adds them."
_OLD_HUB = "The hub is too old for this: it knows no notices to sessions. Bring it up to date."


async def send(
    it: Installation,
    text: str,
    *,
    notice_id: str,
    level: NoticeLevel,
    ends_in: timedelta | None = None,
    users: Sequence[str] = (),
    dry_run: bool = False,
) -> Change:
    """Show a notice in every session that runs, or in those of ``users``.

    ends_in is until what it warns of comes about. One with the same id takes its place.
    """
    text, notice_id = text.strip(), notice_id.strip()
    if not 1 <= len(text) <= LONGEST_NOTICE:
        raise InputError(f"A notice has 1 to {LONGEST_NOTICE:,} characters.")
    _checked_id(notice_id)
    people = sorted({user_name(each) for each in users})
    whom = ", ".join(people) or "everybody"
    ends_at = None if ends_in is None else time.time() + ends_in.total_seconds()
    notice = Notice(notice_id, text, level, ends_at)
    data: dict[str, object] = {"id": notice_id, "text": text, "level": level, "ends_at": ends_at}
    if dry_run:
        step = f"Show the notice {notice_id} in the sessions of {whom}."
        return Change("send notice", whom, (step,), (_LATER,), dry_run, data)
    hub = it.hub_needed()
    it.audit.check()
    it.audit.write("send notice", whom, data)
    reached = await hub.show_notice(notice, people or None)
    return _change("send notice", whom, f"Show the notice {notice_id} in", reached, data)


async def withdraw(it: Installation, notice_id: str, *, dry_run: bool = False) -> Change:
    """Take a notice back in every session that runs."""
    notice_id = notice_id.strip()
    _checked_id(notice_id)
    data: dict[str, object] = {"id": notice_id}
    if dry_run:
        step = f"Take the notice {notice_id} back in all sessions."
        return Change("withdraw notice", notice_id, (step,), (), dry_run, data)
    hub = it.hub_needed()
    it.audit.check()
    it.audit.write("withdraw notice", notice_id, data)
    reached = await hub.withdraw_notice(notice_id)
    return _change(
        "withdraw notice", notice_id, f"Take the notice {notice_id} back in", reached, data
    )


def _checked_id(notice_id: str) -> None:
    if not 1 <= len(notice_id) <= LONGEST_NOTICE_ID:
        raise InputError(f"The id of a notice has 1 to {LONGEST_NOTICE_ID} characters.")


def _change(
    action: str, subject: str, step: str, reached: Delivery | None, data: dict[str, object]
) -> Change:
    if reached is None:
        raise NotThereError(_OLD_HUB)
    count = len(reached.told)
    sessions = f"{count} session" if count == 1 else f"{count} sessions"
    left = [f"Not reached: {name}. The hub's log says why." for name in reached.missed]
    if action == "send notice":
        left.append(_LATER)
    data = {**data, "told": list(reached.told), "missed": list(reached.missed)}
    return Change(
        action, subject, (f"{step} {sessions}.",) if count else (), tuple(left), data=data
    )
