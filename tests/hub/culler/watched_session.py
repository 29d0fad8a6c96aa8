"""A session that the culler watches: it tells of its use, and shows notices, as Lab does.

What it tells stands in activity.json of its folder; ``misbehaviour`` there names a fault. Its
person answers with the first choice, unless there is a file ``away``. The tokens that it is
sent it writes into the file tokens.
"""

import asyncio
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.ioloop import IOLoop
from tornado.web import Application, RequestHandler, authenticated

BOARD: dict[str, dict] = {}
HubOAuth.instance().cache.max_age = 1e-9  # seconds; 0 would mean for ever


def _read(name):
    file = Path(name)
    return file.read_text() if file.exists() else ""


class Watched(HubOAuthenticated, RequestHandler):
    def check_xsrf_cookie(self):
        """Calls come from a program."""

    def prepare(self):
        with Path("tokens").open("a") as tokens:
            tokens.write(
                self.request.headers.get("Authorization", "").removeprefix("token ") + "\n"
            )
        self.set_cookie("session", "mine", path="/")


class Activity(Watched):
    @authenticated
    async def get(self):
        match _read("misbehaviour"):
            case "":
                self.write(_read("activity.json"))
            case "redirect":
                self.redirect("/user/other/gpucommons/api/activity")
            case "endless":
                while True:
                    self.write(b" " * 2**16)
                    await self.flush()
            case "hang":
                await asyncio.sleep(60)
            case "refuse":
                self.set_status(403)
            case "nonsense":
                self.write('{"started": NaN, "kernels": []}')
            case "die":
                os._exit(1)


class Notices(Watched):
    @authenticated
    def get(self):
        self.write(json.dumps(list(BOARD.values())))

    @authenticated
    def post(self):
        notice = {"choices": [], "answer": None, **json.loads(self.request.body)}
        if notice["choices"] and not Path("away").exists():
            notice["answer"] = notice["choices"][0]["id"]
        BOARD[notice["id"]] = notice

    @authenticated
    def delete(self):
        BOARD.pop(self.get_query_argument("id"), None)


class Page(RequestHandler):
    def get(self):
        """Answer the hub, which looks whether somebody is there."""


address, prefix = (os.environ[f"JUPYTERHUB_SERVICE_{name}"] for name in ("URL", "PREFIX"))
application = Application(
    [
        (prefix + "oauth_callback", HubOAuthCallbackHandler),
        (prefix + "gpucommons/api/activity", Activity),
        (prefix + "gpucommons/api/notice", Notices),
        (prefix + ".*", Page),
    ],
    cookie_secret=os.urandom(32),
)
application.listen(urlsplit(address).port, urlsplit(address).hostname)
IOLoop.current().start()
