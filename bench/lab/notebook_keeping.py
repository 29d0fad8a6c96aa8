"""What it costs the session's server to keep the output of cells whose page is gone."""

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from gpucommons_lab.outputs.cell_outputs import CellOutputs
from gpucommons_lab.outputs.executions import Execution
from gpucommons_lab.outputs.notebook_file import NotebookFile
from gpucommons_lab.outputs.open_pages import Page
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from bench.figure import Figure

_LINE = "x" * 86 + "\n"
_PRINTED_MB = (0.1, 1, 5)
_MESSAGES = 200
_WRITES = 3
_TICK_S = 0.005


def measure() -> list[Figure]:
    """Take messages after much output, and write into a notebook of 50 MB."""
    costs = [_cost_after(megabytes) for megabytes in _PRINTED_MB]
    said = ", ".join(
        f"{at:g} MB: {cost:.4f} ms" for at, cost in zip(_PRINTED_MB, costs, strict=True)
    )
    still, took = asyncio.run(_write())
    return [
        Figure(
            "keeping-message",
            f"A line of output after {_PRINTED_MB[-1]} MB of it ({said})",
            costs[-1],
            "ms",
            target=0.1,
            samples=_MESSAGES,
        ),
        Figure(
            "keeping-standstill",
            f"Output into a notebook of 50 MB ({took:.1f} s): longest stand-still of the server",
            still,
            "s",
            target=0.2,
            samples=_WRITES,
        ),
    ]


def _cost_after(megabytes: float) -> float:
    """Milliseconds for a line after so much output of it."""
    outputs = CellOutputs()
    for _ in range(int(megabytes * 1_000_000 / len(_LINE) / 100)):
        outputs.add("stream", {"name": "stdout", "text": 100 * _LINE})
    began = time.perf_counter()
    for _ in range(_MESSAGES):
        outputs.add("stream", {"name": "stdout", "text": _LINE})
    return (time.perf_counter() - began) / _MESSAGES * 1000


def _notebook() -> str:
    """A notebook of 50 MB, half of it pictures and half of it lines; the last cell is empty."""
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 10**6}}
    lines = {"output_type": "stream", "name": "stdout", "text": [_LINE] * 11_500}
    cells = [
        {
            "cell_type": "code",
            "id": f"cell{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": outputs,
            "source": "x",
        }
        for number, outputs in enumerate([[picture], [lines]] * 25 + [[]])
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


async def _write() -> tuple[float, float]:
    """Seconds that the loop stood still at once, at most, and that a write took."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.ipynb").write_text(_notebook())
        file = NotebookFile(AsyncLargeFileManager(root_dir=folder), "a.ipynb")
        run = Execution("run", "cell50", "page", "x")
        page = Page("a.ipynb", tuple(f"cell{number}" for number in range(51)), "")
        gaps: list[float] = []
        ticks = asyncio.create_task(_tick(gaps))
        took = []
        for _ in range(_WRITES):
            run.outputs.add("stream", {"name": "stdout", "text": _LINE})
            began = time.perf_counter()
            await file.write([(run, page)])
            took.append(time.perf_counter() - began)
        ticks.cancel()
    return max(gaps), median(took)


async def _tick(gaps: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.perf_counter()
        gaps.append(now - last - _TICK_S)
        last = now
