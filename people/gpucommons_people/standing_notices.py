"""Notices that new sessions show: written, listed, withdrawn, deleted once they have ended.

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

from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.kinds import CONFIG_MAPS, Manifest
from gpucommons_people.errors import NotThereError
from gpucommons_people.installation import Installation

_NO_NAMESPACE = (
    f"The cluster has no namespace {NOTICES_NAMESPACE}, which holds the notices in force. "
    "Nothing was sent. Apply cluster/base of this release, then run the same command again."
)


async def list_notices(installation: Installation) -> tuple[StandingNotice, ...]:
    """Return the notices in force; the first to end first."""
    now = datetime.now(UTC)
    found = [each for each in (await _all(installation)).values() if each.in_force(now)]
    return tuple(sorted(found, key=lambda each: (each.until, each.notice.id)))


async def find(installation: Installation, notice_id: str) -> StandingNotice | None:
    """Return the notice in force with an ID; None if there is none."""
    found = await list_notices(installation)
    return next((each for each in found if each.notice.id == notice_id), None)


async def put(installation: Installation, standing: StandingNotice) -> None:
    """Put a notice in force, in place of one with the same ID."""
    try:
        await installation.cluster.apply(_manifest(standing))
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            raise NotThereError(_NO_NAMESPACE) from error
        raise


async def take_back(installation: Installation, notice_id: str) -> None:
    """Withdraw a notice, if it is in force."""
    await installation.cluster.delete(CONFIG_MAPS, _name(notice_id), NOTICES_NAMESPACE)


async def clear_away(installation: Installation) -> None:
    """Delete notices that have ended."""
    now = datetime.now(UTC)
    for name, each in (await _all(installation)).items():
        if not each.in_force(now):
            installation.audit.write("delete ended notice", name, notice_json(each))
            await installation.cluster.delete(CONFIG_MAPS, name, NOTICES_NAMESPACE)


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


async def _all(installation: Installation) -> dict[str, StandingNotice]:
    """Read all; what somebody made by hand and cannot be read counts for nothing."""
    found = {}
    label = Label.STANDING_NOTICE
    for each in await installation.cluster.list(CONFIG_MAPS, NOTICES_NAMESPACE, label=label):
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
