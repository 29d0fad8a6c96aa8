"""What people are told when an administrator has read or put back their snapshots."""

import hashlib
from datetime import timedelta

from gpucommons_contract.formats.wording import moment, read_moment
from gpucommons_contract.sessions.notices import Notice, NoticeLevel
from gpucommons_contract.words import phrase
from gpucommons_contract.workspaces.restores import RestoreRequest, RestoreResult

TOLD_AGAIN_AFTER = timedelta(hours=1)
"""Whoever reads more of the same person's files before that is not announced again."""
TOLD_FOR = timedelta(days=7)
"""How long sessions that start tell it."""
LONGEST_REASON = 500
"""Characters."""


def files_read(by: str, person: str, reason: str) -> Notice:
    """Say that ``by`` reads snapshots of this person. It has one id for the two of them."""
    digest = hashlib.sha256(f"{by}\n{person}".encode()).hexdigest()[:20]
    text = phrase(
        "%(by)s, who administers this platform, has looked into snapshots of your files. The "
        "reason given: %(reason)s",
        by=by,
        reason=reason,
    )
    return Notice(f"files-read-{digest}", text, NoticeLevel.WARNING)


def files_put_back(request: RestoreRequest, team: str, result: RestoreResult | None) -> Notice:
    """Say that a snapshot was put back into this person's workspace; without a result, will be."""
    if result is None:
        text = phrase(
            "%(by)s, who administers this platform, has asked for a snapshot of your files in team "
            "%(team)s to be put back. It comes into a new folder of your home folder, whose name "
            "begins with “restored”. The reason given: %(reason)s",
            by=request.by,
            team=team,
            reason=request.reason,
        )
    else:
        text = phrase(
            "%(by)s, who administers this platform, has put your files of %(moment)s back into the "
            "folder “%(folder)s” of your home folder in team %(team)s. The reason given: "
            "%(reason)s",
            by=request.by,
            moment=moment(read_moment(result.moment)),
            folder=result.folder,
            team=team,
            reason=request.reason,
        )
    return Notice(f"files-back-{request.id}", text, NoticeLevel.INFO)
