"""The session's endpoint for notices to the person in it."""

import json
from dataclasses import asdict

from gpucommons_contract import NoticeError
from jupyter_events import EventLogger
from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.notices import ChoiceError, NoticeBoard, parse_answer, parse_notice
from gpucommons_lab.session_api import SessionAPIHandler

_CHANGED = "https://gpucommons.io/events/notices-changed/v1"
NOTICES_CHANGED = {
    "$id": _CHANGED,
    "version": "1",
    "title": "Notices changed",
    "description": "The list of notices is another one now. What they say is not told here.",
    "type": "object",
    "properties": {},
}
"""Schema of the event that tells open pages to ask for the list again."""


def announce_notices(events: EventLogger) -> None:
    """Tell all who look at the notices that they changed."""
    events.emit(schema_id=_CHANGED, data={})


def take_answer(board: NoticeBoard, body: bytes) -> None:
    """Keep an answer that was sent as JSON. Raises HTTPError with what is wrong with it."""
    try:
        board.answer(*parse_answer(body))
    except NoticeError as error:
        raise HTTPError(400, str(error)) from error
    except ChoiceError as error:
        raise HTTPError(409, str(error)) from error


class _BoardHandler(SessionAPIHandler):
    """Works on the board.

    Open pages learn of a change by an event of Jupyter Server, on the socket that they
    have open for events anyway. Neither sending nor reading counts as activity.
    """

    def initialize(self, board: NoticeBoard) -> None:
        """Take the server's only board."""
        self._board = board

    async def changed(self) -> None:
        """Finish, and tell of the change."""
        announce_notices(self.event_logger)
        await self.done()


class NoticeHandler(_BoardHandler):
    """Shows, lists and withdraws notices."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with the notices that still matter, oldest first."""
        await self.answer(json.dumps([asdict(notice) for notice in self._board.read()]))

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Show the notice in the body, in place of one with the same id."""
        try:
            notice = parse_notice(self.request.body)
        except NoticeError as error:
            raise HTTPError(400, str(error)) from error
        self._board.put(notice)
        await self.changed()

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def delete(self) -> None:
        """Withdraw the notice ``?id=``. One that is not there is as good as withdrawn."""
        notice_id = self.get_query_argument("id", "", strip=False)
        if not notice_id:
            raise HTTPError(400, "Say which notice to withdraw: DELETE ...?id=ID.")
        self._board.withdraw(notice_id)
        await self.changed()


class AnswerHandler(_BoardHandler):
    """Takes the person's answer to a notice, from any page that shows it."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Keep the answer in the body until the notice's sender asks for it."""
        take_answer(self._board, self.request.body)
        await self.changed()
