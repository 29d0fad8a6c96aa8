"""The id of a request: taken from who sent it, on each line that is logged for it, sent on."""

import asyncio
import re
import uuid

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

from gpucommons_upkeep.logs.about import REQUEST_ID, Facts, begin, facts_now

HEADER = "X-Request-Id"
"""Envoy and ingress-nginx send it, by any case."""
_SENSIBLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class RequestLogged(OutputTransform):
    """For Tornado's setting ``transforms``. It only adds the id to the answer.

    Tornado makes one for each request, before the task is begun that answers it, whatever handler
    that has. Once the answer is sent and logged, tasks that go on are no longer about the request.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        """Take the id that the entrance gave, or make one."""
        super().__init__(request)
        given = request.headers.get(HEADER, "")
        self._id = given if _SENSIBLE.fullmatch(given) else uuid.uuid4().hex
        self._facts = Facts({REQUEST_ID: self._id})
        begin(self._facts)

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Tell the id to whoever asked, who may name it when something went wrong."""
        headers[HEADER] = self._id
        return status_code, headers, self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Note the end; Tornado logs the request right after it."""
        if finishing:
            asyncio.get_running_loop().call_soon(self._facts.end)
        return chunk


def passed_on() -> dict[str, str]:
    """Return the header for a call that is made for the request that is answered now."""
    found = facts_now().get(REQUEST_ID)
    return {HEADER: found} if found else {}
