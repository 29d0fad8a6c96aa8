"""The API for wishes: sessions make them, the controller of the snapshots asks for them."""

import json
import secrets
from http import HTTPStatus

from gpucommons_backup.service.handlers import FilesHandler, Serving
from gpucommons_backup.service.records import Owner
from gpucommons_backup.service.refusals import RefusedError, wrong
from gpucommons_backup.service.wishes import APART_S, Wishes
from gpucommons_backup.wish import WishError, answer_from


class WishesHandler(FilesHandler):
    """GET and POST api/wishes: of a session, for its workspace, which may have no snapshot yet."""

    _owner: Owner

    def initialize(self, serving: Serving, wishes: Wishes) -> None:  # type: ignore[override]
        """Take what the application gives."""
        super().initialize(serving)
        self._wishes = wishes

    async def prepare(self) -> None:
        """Tell who asks."""
        header = self.request.headers.get("Authorization", "")
        self._owner = await self.serving.sessions.owner(header)

    async def get(self) -> None:
        """Respond with the last wish."""
        kept = self._wishes.of(self._owner)
        self.answer({"available": self._wishes.are_heard, "wish": kept.as_json() if kept else None})

    async def post(self) -> None:
        """Make a wish."""
        kept = self._wishes.make(self._owner)
        self.set_status(HTTPStatus.CREATED)
        self.answer({"available": True, "wish": kept.as_json()})

    def write_error(self, status_code: int, **kwargs: object) -> None:
        """Respond as the others do, and say when to come again."""
        if status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self.set_header("Retry-After", f"{APART_S}")
        super().write_error(status_code, **kwargs)


class ControllersHandler(FilesHandler):
    """What the controller alone may ask, by a token that it and the service have in common."""

    def initialize(self, serving: Serving, wishes: Wishes, token: str) -> None:  # type: ignore[override]
        """Take what the application gives; without a token nobody may ask."""
        super().initialize(serving)
        self._wishes, self._token = wishes, token

    async def prepare(self) -> None:
        """Refuse everybody else."""
        sent = self.request.headers.get("Authorization", "").removeprefix("token ")
        if not self._token or not secrets.compare_digest(sent.encode(), self._token.encode()):
            raise RefusedError(HTTPStatus.FORBIDDEN, "This is for the controller of the snapshots.")


class OpenWishesHandler(ControllersHandler):
    """GET api/wishes/open."""

    async def get(self) -> None:
        """List what is open."""
        found = self._wishes.asked_for()
        wishes = [{"id": each.id, "team": each.team, "owner": each.owner} for each in found]
        self.answer({"wishes": wishes})


class AnswersHandler(ControllersHandler):
    """POST api/wishes/answers."""

    async def post(self) -> None:
        """Take answers."""
        try:
            answers = [answer_from(each) for each in json.loads(self.request.body)["answers"]]
        except (ValueError, KeyError, TypeError, RecursionError, WishError) as error:
            raise wrong("The body must be JSON with a list of answers.") from error
        for each in answers:
            self._wishes.answer(each)
        self.answer({})
