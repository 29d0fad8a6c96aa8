"""Notices and answers as JSON, as they come in requests and go to pages."""

import json
from dataclasses import asdict

from gpucommons_contract import Notice, NoticeError, read_answer, read_notice
from tornado.web import HTTPError

from gpucommons_lab.notices.board import ChoiceError, NoticeBoard


def listed(notice: Notice) -> dict[str, object]:
    """Return a notice as pages get it; ``answered_at`` only if it was answered."""
    said = asdict(notice)
    if notice.answered_at is None:
        del said["answered_at"]
    return said


def parse_notice(body: bytes) -> Notice:
    """Read a notice that was sent as JSON. Raises NoticeError."""
    return read_notice(_json(body))


def parse_answer(body: bytes) -> tuple[str, str]:
    """Read an answer that was sent as JSON: the notice's id, the choice's. Raises NoticeError."""
    return read_answer(_json(body))


def take_answer(board: NoticeBoard, body: bytes) -> None:
    """Keep an answer that was sent as JSON. Raises HTTPError with what is wrong with it."""
    try:
        board.answer(*parse_answer(body))
    except NoticeError as error:
        raise HTTPError(400, str(error)) from error
    except ChoiceError as error:
        raise HTTPError(409, str(error)) from error


def _json(body: bytes) -> object:
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        raise NoticeError("The body is not JSON. Send a JSON object.") from None
    return said
