"""Finds out for each request in which language it is to be answered."""

from tornado.httputil import HTTPServerRequest
from tornado.web import OutputTransform

from gpucommons_contract.words.language import (
    ENGLISH,
    LANGUAGE_COOKIE,
    choose,
    offered,
    set_language,
)

LANGUAGE_PARAMETER = "language"
"""Of an API's address: the language in which a page wants what people read."""


class LanguageOfRequest(OutputTransform):
    """For Tornado's setting ``transforms``. It transforms nothing.

    Tornado makes one for each request, before the task is begun that answers it, and whatever
    handler does: JupyterHub's own, too.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        """Note the language. An API answers in English unless its address names another one."""
        super().__init__(request)
        if "/api/" in request.path:
            wanted = request.query_arguments.get(LANGUAGE_PARAMETER, [b""])[-1]
            code = wanted.decode(errors="replace")
            set_language(code if code in offered() else ENGLISH)
        else:
            cookie = request.cookies.get(LANGUAGE_COOKIE)
            accepted = request.headers.get("Accept-Language", "")
            set_language(choose(cookie.value if cookie else "", accepted))
