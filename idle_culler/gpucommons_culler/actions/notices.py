"""What sessions and the hub's pages say of idleness."""

from datetime import datetime

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.wording import moment, rough_span

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
        why = f"It is kept for {rough_span((decision.next_at - case.at).total_seconds())}."
    elif decision.verdict is Verdict.EXEMPT:
        why = "An administrator exempted it."
    elif decision.verdict is Verdict.UNKNOWN:
        why = "Whether it is idle is no longer known."
    elif decision.verdict is not Verdict.ACTIVE:
        why = decision.change
    return Notice(NOTICE_ID, f"This session keeps running. {why}")


def warning(case: Case, stop_at: datetime) -> Notice:
    """Say that it will end, with a countdown and the choices."""
    # Pages show the moment at which it ends as a countdown in the reader's own time.
    ends = "restart without GPU" if case.rule.action is EndAction.RELEASE else "end"
    text = (  # together with the countdown no longer than what Lab shows at once
        f"Unused for {_idle_time(case)} or more, this session will {ends}. "
        "Any use cancels that. Files are kept."
    )
    offered = choices(case.rule, case.keeping)
    return Notice(NOTICE_ID, text, NoticeLevel.WARNING, stop_at.timestamp(), offered)


def why_it_was_stopped(case: Case, by: str) -> str:
    """Write for the hub's own pages why a session was stopped."""
    cause = f"{by} ended it" if by else f"it was unused for {_idle_time(case)}"
    return (
        f"Your session was stopped at {moment(case.at)}: {cause}. "
        "Files saved in your home folder are kept; what was only in memory is lost."
    )


def _idle_time(case: Case) -> str:
    since = case.decision.idle_since or case.at
    return rough_span((case.at - since).total_seconds())
