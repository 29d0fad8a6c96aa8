"""The culler's pages as two replicas, each of which gets every other request.

``python -m tests.hub.culler.two_replicas FOLDER``: below it, ``replicas`` has a line, 0 or 1,
for each request that was passed on.
"""

import asyncio
import contextlib
import itertools
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient
from tornado.web import Application, RequestHandler

from tests.hub.processes import free_port, told_to_end

_HOP = {"connection", "content-length", "transfer-encoding", "content-encoding"}
"""Headers that are of one connection alone."""


class Turn(RequestHandler):
    """Passes a request on to the replica whose turn it is."""

    def initialize(self, turns: "itertools.cycle[tuple[int, int]]", log: Path) -> None:
        self._turns, self._asked = turns, log

    async def get(self) -> None:
        number, port = next(self._turns)
        with self._asked.open("a") as lines:
            lines.write(f"{number}\n")
        answer = await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{port}{self.request.uri}",
            method=self.request.method,
            headers=self.request.headers,
            body=self.request.body or None,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
        )
        self.set_status(answer.code)
        for name, value in answer.headers.get_all():
            if name.lower() not in _HOP:
                self.add_header(name, value)
        if answer.body:
            self.write(answer.body)

    post = get


async def main(folder: Path) -> None:
    ports = [free_port(), free_port()]
    replicas = []
    for number, port in enumerate(ports):
        database = f"sqlite:///{folder}/idle-{number}.sqlite"
        environment = {**os.environ, "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}"}
        command = [sys.executable, "-m", "tests.hub.culler.served_pages", database]
        replicas.append(await asyncio.create_subprocess_exec(*command, env=environment))
    for port in ports:
        await _listens(port)
    address = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    given = {"turns": itertools.cycle(enumerate(ports)), "log": folder / "replicas"}
    Application([(".*", Turn, given)]).listen(address.port, address.hostname)
    await told_to_end()
    for replica in replicas:
        replica.terminate()
        await replica.wait()


async def _listens(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
