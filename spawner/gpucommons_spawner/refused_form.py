"""How to draw the page again for the form that was sent with the request being answered.

After a refused start JupyterHub shows the page once more. It asks the person's default server
for the form then, whichever server was to be started, and says nothing of what was sent.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar

Fields = Mapping[str, list[object]]
"""Form fields as JupyterHub hands them over."""

DRAW_AGAIN: ContextVar[Callable[[], Awaitable[str]] | None] = ContextVar("draw again", default=None)
"""Set by the server that a form was sent for; lasts as long as the request.

Tornado answers each request in a task of its own. It is to be set in that very task: one that
is begun there has a copy.
"""
