"""Notices that sessions are told which start later: written, listed, taken back, cleared away.

The hub reads them from the cluster.
"""

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus

from gpucommons_contract import (
    NOTICES_NAMESPACE,
    Label,
    StandingNotice,
    read_standing_notice,
)

from gpucommons_people.cluster import CONFIG_MAPS, ClusterError, Manifest
from gpucommons_people.errors import NotThereError
from gpucommons_people.installation import Installation

_NO_NAMESPACE = (
    f"The cluster has no namespace {NOTICES_NAMESPACE}, in which notices stand. Nobody was told. "
    "Apply cluster/base of this release, then give the same command again."
)


async def list_notices(it: Installation) -> tuple[StandingNotice, ...]:
    """Return the notices that stand; the first to end first."""
    now = datetime.now(UTC)
    found = [each for each in (await _all(it)).values() if each.stands(now)]
    return tuple(sorted(found, key=lambda each: (each.until, each.notice.id)))


async def find(it: Installation, notice_id: str) -> StandingNotice | None:
    """Return the notice that stands with an ID; None if there is none."""
    found = await list_notices(it)
    return next((each for each in found if each.notice.id == notice_id), None)


async def put(it: Installation, standing: StandingNotice) -> None:
    """Let a notice stand, in place of one with the same ID."""
    try:
        await it.cluster.apply(_manifest(standing))
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise NotThereError(_NO_NAMESPACE) from error
        raise


async def take_back(it: Installation, notice_id: str) -> None:
    """Let a notice stand no more, if it does."""
    await it.cluster.delete(CONFIG_MAPS, _name(notice_id), NOTICES_NAMESPACE)


async def clear_away(it: Installation) -> None:
    """Delete what stands no more."""
    now = datetime.now(UTC)
    for name, each in (await _all(it)).items():
        if not each.stands(now):
            it.audit.write("delete ended notice", name, notice_json(each))
            await it.cluster.delete(CONFIG_MAPS, name, NOTICES_NAMESPACE)


def notice_json(each: StandingNotice) -> dict[str, object]:
    """Turn into what ``--json`` prints, and what the audit log keeps."""
    return {
        "id": each.notice.id,
        "text": each.notice.text,
        "level": str(each.notice.level),
        "ends_at": each.notice.ends_at,
        "users": list(each.users),
        "until": each.until.isoformat(),
        "by": each.by,
        "at": each.at.isoformat(),
    }


async def _all(it: Installation) -> dict[str, StandingNotice]:
    """Read all; what somebody made by hand and cannot be read counts for nothing."""
    found = {}
    label = Label.STANDING_NOTICE
    for each in await it.cluster.list(CONFIG_MAPS, NOTICES_NAMESPACE, label=label):
        try:
            found[each["metadata"]["name"]] = read_standing_notice(each.get("data") or {})
        except ValueError:
            continue
    return found


def _manifest(standing: StandingNotice) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _name(standing.notice.id),
            "namespace": NOTICES_NAMESPACE,
            "labels": {str(Label.STANDING_NOTICE): "some" if standing.users else "everybody"},
        },
        "data": standing.to_data(),
    }


def _name(notice_id: str) -> str:
    """Name the object: an ID may hold what a name in Kubernetes must not."""
    return f"notice-{hashlib.sha256(notice_id.encode(errors='surrogateescape')).hexdigest()[:20]}"
