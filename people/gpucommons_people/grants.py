"""Quota grants: granted until a moment, with a reason; listed, revoked, pruned.

The hub reads them from the cluster. How much is usual is in its catalogue, and not known here.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from gpucommons_contract import END_OF_DAY, GRANTS_NAMESPACE, Grant, Label, end_in_words, read_grant

from gpucommons_people.change import Change
from gpucommons_people.clients.kinds import CONFIG_MAPS, Manifest
from gpucommons_people.errors import InputError, NotThereError
from gpucommons_people.installation import Installation
from gpucommons_people.names import team_name, user_name

RECORD_DAYS = 90
"""How long a grant that has ended stays listed."""
_MOST = 10_000
_LONGEST_REASON = 300
_MAY_BE_MORE = (
    "The ResourceQuota of the team's namespace stays as it is; "
    "if it is less, raise it with: gpucommons team add {team}."
)
_SIZES_UNCHECKED = (
    "Sizes are those of the hub's catalogue; one that it does not have has no effect."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A grant to make, checked as far as it can be without the cluster."""

    user: str
    team: str
    until: datetime
    reason: str
    sessions: int | None = None
    gpus: Decimal | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def whose(self) -> str:
        """For whom it is, in words."""
        return self.user or f"team {self.team}"


def wanted(
    *,
    user: str | None,
    team: str | None,
    until: str,
    reason: str,
    sessions: int | None = None,
    gpus: str | None = None,
    sizes: Sequence[str] = (),
) -> Wanted:
    """Read what was typed. Raises InputError that says what is wrong and how to write it."""
    if (user is None) == (team is None):
        raise InputError("Say for whom: pass --user or --team, not both.")
    if sessions is None and gpus is None and not sizes:
        raise InputError("Say what is granted: --sessions, --gpus or --size, or several of them.")
    reason = " ".join(reason.split())
    if not reason or len(reason) > _LONGEST_REASON:
        raise InputError(f"Give a reason of 1 to {_LONGEST_REASON} characters with --reason.")
    return Wanted(
        user=user_name(user) if user is not None else "",
        team=team_name(team) if team is not None else "",
        until=_moment(until),
        reason=reason,
        sessions=None if sessions is None else _number("--sessions", sessions),
        gpus=None if gpus is None else _gpus(gpus),
        sizes=dict(_size(each) for each in sizes),
    )


async def grant(installation: Installation, what: Wanted, *, dry_run: bool = False) -> Change:
    """Grant more than the quota, in force once the hub has seen it: usually within a second."""
    now = datetime.now(UTC)
    most = installation.configuration.longest_grant_days
    if what.until <= now:
        raise InputError(f"--until {end_in_words(what.until)} has passed already.")
    if what.until > datetime.combine(now.date() + timedelta(days=most), END_OF_DAY, UTC):
        last = now.date() + timedelta(days=most)
        raise InputError(
            f"--until {end_in_words(what.until)} is too far away: quota grants end after "
            f"{most} days, so {last} is the last day. Grant it again then, or set "
            "longest_grant_days."
        )
    if what.team and what.team not in (known := await installation.team_names()):
        teams = ", ".join(sorted(known)) or "none yet"
        raise NotThereError(f"There is no team {what.team}. Teams: {teams}.")
    name = f"grant-{secrets.token_hex(4)}"
    made = Grant(
        name=name,
        user=what.user,
        team=what.team,
        until=what.until,
        reason=what.reason,
        by=installation.audit.who,
        at=now.replace(microsecond=0),
        sessions=what.sessions,
        gpus=what.gpus,
        sizes=what.sizes,
    )
    left = ([_MAY_BE_MORE.format(team=what.team)] if what.team else []) + (
        [_SIZES_UNCHECKED] if what.sizes else []
    )
    step = f"Let {what.whose} have {amounts(made)} until {end_in_words(made.until)}: {name}."
    if not dry_run:
        installation.audit.check()
        installation.audit.write("grant quota", what.whose, grant_json(made))
        await installation.cluster.create(_manifest(made))
    return Change("grant quota", what.whose, (step,), tuple(left), dry_run, grant_json(made))


async def list_grants(installation: Installation, *, ended: bool = False) -> tuple[Grant, ...]:
    """Return the grants in force, or all of them; the first to end first."""
    now = datetime.now(UTC)
    found = [each for each in await _all(installation) if ended or each.in_force(now)]
    return tuple(sorted(found, key=lambda each: (each.until, each.name)))


async def revoke(installation: Installation, name: str, *, dry_run: bool = False) -> Change:
    """End a grant now. It stays listed as a record."""
    found = next((each for each in await _all(installation) if each.name == name), None)
    if found is None:
        raise NotThereError(f"There is no quota grant {name}. See: gpucommons quota list --all.")
    now = datetime.now(UTC).replace(microsecond=0)
    if not found.in_force(now):
        return Change(
            "revoke quota", name, (), (f"It ended {end_in_words(found.until)}.",), dry_run
        )
    ended = replace(found, until=now - timedelta(seconds=1), revoked_by=installation.audit.who)
    whose = found.user or f"team {found.team}"
    if not dry_run:
        installation.audit.check()
        installation.audit.write("revoke quota", whose, grant_json(ended))
        await installation.cluster.merge(
            CONFIG_MAPS, name, GRANTS_NAMESPACE, {"data": ended.to_data()}
        )
    step = f"End the quota grant of {whose}: {amounts(found)}."
    left = "Running sessions continue; nothing new is started beyond the usual quota."
    return Change("revoke quota", name, (step,), (left,), dry_run, grant_json(ended))


async def prune_grants(installation: Installation, *, dry_run: bool = False) -> Change:
    """Delete grants that ended longer ago than they are kept as a record."""
    before = datetime.now(UTC) - timedelta(days=RECORD_DAYS)
    due = [each for each in await _all(installation) if each.until < before]
    if due and not dry_run:
        installation.audit.check()
        for each in due:
            installation.audit.write("delete quota record", each.name, grant_json(each))
            await installation.cluster.delete(CONFIG_MAPS, each.name, GRANTS_NAMESPACE)
    steps = tuple(f"Delete {each.name}, which ended {end_in_words(each.until)}." for each in due)
    data = {"deleted": [grant_json(each) for each in due]}
    return Change("prune quota", "Quota grants", steps, (), dry_run, data)


def amounts(each: Grant) -> str:
    """Write what was granted: ``4 sessions, 2 GPUs, 1 of size gpu``."""
    parts = []
    if each.sessions is not None:
        parts.append(f"{each.sessions} {'session' if each.sessions == 1 else 'sessions'}")
    if each.gpus is not None:
        parts.append(f"{each.gpus} {'GPU' if each.gpus == 1 else 'GPUs'}")
    parts += [f"{count} of size {size}" for size, count in each.sizes.items()]
    return ", ".join(parts)


def grant_json(each: Grant) -> dict[str, object]:
    """Turn into what ``--json`` prints, and what the audit log keeps."""
    values = asdict(each) | {"until": each.until.isoformat(), "at": each.at.isoformat()}
    return values | {"gpus": None if each.gpus is None else str(each.gpus)}


async def _all(installation: Installation) -> list[Grant]:
    """Read all; what somebody made by hand and cannot be read counts for nothing."""
    found = []
    for each in await installation.cluster.list(
        CONFIG_MAPS, GRANTS_NAMESPACE, label=Label.QUOTA_GRANT
    ):
        try:
            found.append(read_grant(each["metadata"]["name"], each.get("data") or {}))
        except ValueError:
            continue
    return found


def _manifest(made: Grant) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": made.name,
            "namespace": GRANTS_NAMESPACE,
            "labels": {str(Label.QUOTA_GRANT): "user" if made.user else "team"},
        },
        "data": made.to_data(),
    }


def _moment(text: str) -> datetime:
    """Read a day, which counts to its end, or a day and time; in UTC unless a zone is given."""
    try:
        if len(text) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text), END_OF_DAY, UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"--until {text!r} is not a day or a time. Write 2026-12-01, or 2026-12-01T18:00 (UTC)."
        ) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _number(option: str, number: int) -> int:
    if not 1 <= number <= _MOST:
        raise InputError(f"{option} {number} must be from 1 to {_MOST}.")
    return number


def _gpus(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 < found <= _MOST:
        raise InputError(f"--gpus {text!r} must be a number above 0, such as 2 or 0.5.")
    return found


def _size(text: str) -> tuple[str, int]:
    name, equals, number = text.partition("=")
    if not name or not equals or not number.isascii() or not number.isdecimal():
        raise InputError(f"--size {text!r} must be written NAME=N, such as gpu=2.")
    return name, _number(f"--size {name}", int(number))
