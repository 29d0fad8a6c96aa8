"""The session's endpoints for notices to the person in it, and for the last of them."""

import asyncio
import json

from gpucommons_contract import NOTICES_CHANGED, NoticeError
from jupyter_events import EventLogger
from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.notices.board import NoticeBoard
from gpucommons_lab.notices.requests import listed, parse_notice, take_answer
from gpucommons_lab.notices.save_before_stop import SaveBeforeStop
from gpucommons_lab.web.api import SessionAPIHandler

NOTICES_CHANGED_SCHEMA = {
    "$id": NOTICES_CHANGED,
    "version": "1",
    "title": "Notices changed",
    "description": "The list of notices has changed. This event does not say what is in it.",
    "type": "object",
    "properties": {},
}
"""Schema of the event by which open pages learn that they must ask for the list again."""


def announce_notices(events: EventLogger) -> None:
    """Inform every open page that the notices changed."""
    events.emit(schema_id=NOTICES_CHANGED, data={})


class _BoardHandler(SessionAPIHandler):
    """Works on the board.

    Open pages learn of a change by an event of Jupyter Server, on the socket that they
    have open for events anyway. Neither sending nor reading counts as activity.
    """

    def initialize(self, board: NoticeBoard) -> None:
        """Take the server's only board."""
        self._board = board

    async def changed(self) -> None:
        """Finish, and announce the change."""
        announce_notices(self.event_logger)
        await self.done()


class NoticeHandler(_BoardHandler):
    """Shows, lists and withdraws notices."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the notices that still matter, oldest first."""
        await self.answer(json.dumps([listed(notice) for notice in self._board.read()]))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Show the notice in the body, in place of one with the same id."""
        try:
            notice = parse_notice(self.request.body)
        except NoticeError as error:
            raise HTTPError(400, str(error)) from error
        if seconds := self._board.put(notice):
            loop = asyncio.get_running_loop()
            loop.call_later(seconds, announce_notices, self.event_logger)
        await self.changed()

    @authenticated
    @authorized
    async def delete(self) -> None:
        """Withdraw the notice ``?id=``; one that does not exist counts as withdrawn."""
        notice_id = self.get_query_argument("id", "", strip=False)
        if not notice_id:
            raise HTTPError(400, "Say which notice to withdraw: DELETE ...?id=ID.")
        self._board.withdraw(notice_id)
        await self.changed()


class AnswerHandler(_BoardHandler):
    """Takes the person's answer to a notice, from any page that shows it."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Keep the answer in the body until the notice's sender asks for it."""
        take_answer(self._board, self.request.body)
        await self.changed()


class SaveBeforeStopHandler(SessionAPIHandler):
    """Has open pages save. It ends nothing."""

    def initialize(self, saving: SaveBeforeStop) -> None:
        """Take the server's only one."""
        self._saving = saving

    @authenticated
    @authorized
    async def post(self) -> None:
        """Reply once open pages have had their time."""
        await self._saving.run()
        await self.done()
