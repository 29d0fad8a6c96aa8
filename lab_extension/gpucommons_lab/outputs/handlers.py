"""Where pages of notebooks report what they show, and get the output of runs before them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from gpucommons_lab.outputs.cell_outputs import Change, Seen
from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.open_pages import Page
from gpucommons_lab.outputs.output_keeper import OutputKeeper
from gpucommons_lab.web.api import SessionAPIHandler

_SHAPE = (
    'Send {"kernel": ID, "page": ID of the kernel client, "path": of the notebook, '
    '"cells": [IDs in the order of the file], "hash": of the file or null, '
    '"saved": [IDs of runs], "seen": {ID of a run: {"epoch": ..., "revision": ..., "done": ...}}}.'
)

_FIGURES = ("epoch", "revision", "done", "keep", "keep_text")


@dataclass(frozen=True, slots=True)
class PageReport:
    """What a page of a notebook reported."""

    kernel: str
    page: str
    what: Page
    saved: frozenset[str]
    """Runs that ended, and whose complete output the page has saved in the file."""
    seen: Mapping[str, Seen]
    """What it already shows of runs."""


def read_report(body: bytes) -> PageReport:
    """Read a page's report, sent as JSON. Raises ValueError that says what to send."""
    try:
        said = json.loads(body)
        cells, saved = said["cells"], said["saved"]
        if not all(isinstance(each, str) for each in (*cells, *saved, said["path"])):
            raise TypeError("ids and path must be texts")
        return PageReport(
            str(said["kernel"]),
            str(said["page"]),
            Page(said["path"].strip("/"), tuple(cells), str(said["hash"] or "")),
            frozenset(saved),
            {
                str(run): Seen(int(it["epoch"]), int(it["revision"]), int(it["done"]))
                for run, it in said["seen"].items()
            },
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{error!r}. {_SHAPE}") from None


class OutputHandler(SessionAPIHandler):
    """Takes pages' reports, and returns what they do not have. Neither is activity."""

    def initialize(self, keeper: OutputKeeper) -> None:
        """Take the server's only keeper."""
        self._keeper = keeper

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the runs that the page must show and save, as far as it lacks them."""
        try:
            report = read_report(self.request.body)
        except ValueError as error:
            raise HTTPError(400, f"The report cannot be read: {error}") from error
        runs = await self._keeper.page_reported(
            report.kernel, report.page, report.what, report.saved, report.seen
        )
        shown = [
            _shown(each, each.outputs.since(report.seen.get(each.id, Seen()))) for each in runs
        ]
        await self.answer(await asyncio.to_thread(json.dumps, shown))


def _shown(run: Execution, change: Change) -> dict[str, object]:
    outputs = [
        each | {"execution_count": run.count} if each["output_type"] == "execute_result" else each
        for each in change.outputs
    ]
    return {
        "run": run.id,
        "cell_id": run.cell_id,
        "execution_count": run.count,
        "running": not run.ended,
        "own": not run.adopted,
    } | {
        **{name: getattr(change, name) for name in _FIGURES},
        "outputs": outputs,
    }
