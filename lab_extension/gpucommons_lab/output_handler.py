"""Gives an open page what runs in its notebook since before it was opened."""

import json

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.output_keeper import OutputKeeper
from gpucommons_lab.session_api import SessionAPIHandler


class OutputHandler(SessionAPIHandler):
    """Gives cells whose page is gone to the page that asks. Asking is no activity."""

    def initialize(self, keeper: OutputKeeper) -> None:
        """Take the server's only keeper."""
        self._keeper = keeper

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Answer with the cells that the page ``?page=`` has to show, from ``?kernel=``."""
        kernel = self.get_query_argument("kernel", "")
        page = self.get_query_argument("page", "")
        if not (kernel and page):
            raise HTTPError(400, "Say which kernel and which client: POST ...?kernel=ID&page=ID.")
        cells = [
            {
                "cell_id": each.cell_id,
                "outputs": each.outputs.to_json(),
                "execution_count": each.count,
                "running": each.ended is None,
            }
            for each in await self._keeper.adopt(kernel, page)
        ]
        await self.answer(json.dumps(cells))
