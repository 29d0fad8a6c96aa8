"""A session that asks the hub at each request who is there, as Jupyter does once in five minutes.

It keeps the notices that it is told in the file notices.json of its folder. Asked to
have its pages save, it makes a file farewell-begun, and answers once there is no page-saves.
"""

import asyncio
import json
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler, authenticated

HubOAuth.instance().cache.max_age = 1e-9  # seconds; 0 would mean for ever
NOTICES, BEGUN, PAGE = Path("notices.json"), Path("farewell-begun"), Path("page-saves")


class Page(HubOAuthenticated, RequestHandler):
    @authenticated
    def get(self):
        self.write(f"hello {self.get_current_user()['name']}")


class Notice(HubOAuthenticated, RequestHandler):
    def check_xsrf_cookie(self):
        """Notices come from a program."""

    @authenticated
    def post(self):
        self._write([json.loads(self.request.body)])

    @authenticated
    def delete(self):
        self._write([])

    def _write(self, notices):
        NOTICES.write_text(json.dumps(notices))


class Farewell(HubOAuthenticated, RequestHandler):
    def check_xsrf_cookie(self):
        """It is a program that asks for it."""

    @authenticated
    async def post(self):
        await asyncio.to_thread(wait_for_page)
        self.set_status(204)


def wait_for_page():
    BEGUN.touch()
    while PAGE.exists():
        time.sleep(0.05)


address, prefix = (os.environ[f"JUPYTERHUB_SERVICE_{name}"] for name in ("URL", "PREFIX"))
application = Application(
    [
        (prefix + "oauth_callback", HubOAuthCallbackHandler),
        (prefix + "gpucommons/api/notice", Notice),
        (prefix + "gpucommons/api/farewell", Farewell),
        (prefix + ".*", Page),
    ],
    cookie_secret=os.urandom(32),
)
application.listen(urlsplit(address).port, urlsplit(address).hostname)
IOLoop.current().start()
