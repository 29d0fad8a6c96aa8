"""The page of the message of the day."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from gpucommons_contract import Notice, NoticeLevel, StandingNotice
from gpucommons_contract.words import phrase
from jupyterhub.scopes import needs_scope
from tornado.web import authenticated

from gpucommons_spawner.administration import cluster_changes, wishes
from gpucommons_spawner.administration.audit import record
from gpucommons_spawner.administration.cluster_changes import ClusterChangeError
from gpucommons_spawner.administration.wishes import STOPS, WishError
from gpucommons_spawner.handlers.administration.page import AdministrationHandler, Result

MESSAGE_ID = "message-of-the-day"
"""Id of the notice that the page sets; commands may send others, and this one."""


class MessagePageHandler(AdministrationHandler):
    """The message of the day: shown on the hub's pages, and as a notice in sessions that start."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Draw the form."""
        await self._draw({})

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Set it, or clear it."""
        self.demand(STOPS)
        fields, overview = self.fields(), self.overview
        who, now = overview.who, datetime.now(UTC)
        try:
            if fields.get("clear"):
                record(who, "clear message of the day", MESSAGE_ID, {})
                await cluster_changes.withdraw_notice(overview.api, MESSAGE_ID)
                self.show(Result(phrase("The message of the day is cleared")))
                return
            text, level = wishes.text_of(fields), wishes.level_of(fields)
            until = wishes.day_of(fields, now, wishes.LONGEST_MESSAGE)
            details = {"text": text, "level": str(level), "until": until.isoformat()}
            record(who, "set message of the day", MESSAGE_ID, details)
            notice = Notice(MESSAGE_ID, text, level)
            standing = StandingNotice(notice, until, who.by, now.replace(microsecond=0))
            await cluster_changes.put_notice(overview.api, standing)
        except (WishError, ClusterChangeError) as error:
            self.set_status(HTTPStatus.BAD_REQUEST)
            await self._draw(fields, error.args[0])
            return
        self.show(Result(phrase("The message of the day is set")))

    async def _draw(self, entered: Mapping[str, str], problem: str = "") -> None:
        today = datetime.now(UTC).date()
        message = self.overview.standing().get(MESSAGE_ID)
        await self.draw(
            "message.html",
            message=message,
            entered=entered,
            problem=problem,
            levels=_LEVELS,
            first_day=today.isoformat(),
            last_day=(today + wishes.LONGEST_MESSAGE).isoformat(),
            usual_day=(today + timedelta(days=1)).isoformat(),
            limits=wishes,
        )


_LEVELS: Mapping[NoticeLevel, str] = {
    NoticeLevel.INFO: phrase("Information"),
    NoticeLevel.WARNING: phrase("Warning"),
    NoticeLevel.ERROR: phrase("Urgent"),
}
