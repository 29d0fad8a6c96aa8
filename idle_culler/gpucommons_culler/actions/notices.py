"""What sessions and the hub's pages say of idleness."""

from datetime import datetime

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.formats.wording import LOST_BY_A_STOP, moment, rough_span
from gpucommons_contract.words import phrase, sentences

from gpucommons_culler.core.case import Case
from gpucommons_culler.core.decision import Verdict
from gpucommons_culler.core.keeping import choices
from gpucommons_culler.core.rule import EndAction

NOTICE_ID = "idle"
"""One notice says all about idleness: a new one replaces the one before."""


def all_clear(case: Case) -> Notice:
    """Say that it keeps running, and why."""
    decision, why = case.decision, case.decision.reason
    if decision.verdict is Verdict.KEPT and decision.next_at:
        left = (decision.next_at - case.at).total_seconds()
        why = phrase("It is kept for %(time)s.", time=rough_span(left))
    elif decision.verdict is Verdict.EXEMPT:
        why = phrase("An administrator exempted it.")
    elif decision.verdict is Verdict.UNKNOWN:
        why = phrase("Whether it is idle is no longer known.")
    elif decision.verdict is not Verdict.ACTIVE:
        why = decision.change
    return Notice(NOTICE_ID, sentences(phrase("This session keeps running."), why))


def warning(case: Case, stop_at: datetime) -> Notice:
    """Say that it will end, with a countdown and the choices."""
    # Pages show the moment at which it ends as a countdown in the reader's own time.
    time = _idle_time(case)
    text = (
        phrase(
            "Unused for %(time)s or more, this session will restart without GPU. "
            "Any use cancels that.",
            time=time,
        )
        if case.rule.action is EndAction.RELEASE
        else phrase(
            "Unused for %(time)s or more, this session will end. Any use cancels that.",
            time=time,
        )
    )
    offered = choices(case.rule, case.keeping)
    text = sentences(text, LOST_BY_A_STOP)
    return Notice(NOTICE_ID, text, NoticeLevel.WARNING, stop_at.timestamp(), offered)


def why_it_was_stopped(case: Case, by: str) -> str:
    """Write for the hub's own pages why a session was stopped."""
    at = moment(case.at)
    stopped = (
        phrase("Your session was stopped at %(moment)s: %(who)s ended it.", moment=at, who=by)
        if by
        else phrase(
            "Your session was stopped at %(moment)s: it was unused for %(time)s.",
            moment=at,
            time=_idle_time(case),
        )
    )
    return sentences(
        stopped,
        phrase("Files saved in your home folder are kept; what was only in memory is lost."),
    )


def _idle_time(case: Case) -> str:
    since = case.decision.idle_since or case.at
    return rough_span((case.at - since).total_seconds())
