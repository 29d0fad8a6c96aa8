"""What people and their programs do, as pieces that days are made of.

Figures of processor and network are what such pieces show on a lab's nodes, roughly; no
measured usage of anybody is in them.
"""

from dataclasses import replace

from bench.replay.day import UNUSED, Doing

Doings = list[tuple[int, Doing]]

OPEN_PAGE = Doing(page=True, processor=2, network=2)
"""A page that nobody looks at: it asks for the state of kernels and files all the time."""
THERE = Doing(works=True, present=True, page=True, processor=2, network=2)
"""A person sits before the page, reads and thinks."""
TYPES = replace(THERE, edits=True, processor=4, network=5)
SHORT_CELL = replace(THERE, cell=True, prints=True, processor=80, network=5)
GPU_CELL = replace(SHORT_CELL, gpu=70, processor=100)
TRAINING = Doing(works=True, gpu=92, processor=105, network=5)
"""Something on the GPU that writes nothing and that nobody watches."""
CELL_TRAINING = replace(TRAINING, cell=True)
TERMINAL_TRAINING = replace(TRAINING, program="python")
IN_BACKGROUND = Doing(works=True, processor=100)
"""A program that was started with nohup: no cell, and nothing in front of a terminal."""
LOADING = Doing(works=True, cell=True, processor=250, network=200)
"""Data is read and prepared; the GPU waits for it."""
POLLED = Doing(gpu=1, processor=2)
"""Nothing but a thread that asks the driver how the GPU does; a GPU shows 1 percent then."""
WATCHED = replace(POLLED, program="watch", prints=True)
"""``watch nvidia-smi`` in a terminal."""
SERVED = Doing(program="tensorboard", processor=3)
"""A server of pictures in a terminal, which nobody looks at."""
DEBUGGING = replace(THERE, vscode=True, program="python", processor=4)
"""A debugger stands at a breakpoint in VS Code."""
VSCODE_TYPES = replace(TYPES, vscode=True, processor=6)
EVALUATION = Doing(works=True, cell=True, processor=60, network=3)


def sitting(minutes: int, gap: int = 12, *, on_gpu: bool = True) -> Doings:
    """A person works in a notebook: types, runs a short cell, thinks; and saves at last."""
    cell = GPU_CELL if on_gpu else SHORT_CELL
    done: Doings = []
    left = minutes - 1
    for length, doing in _round(gap, cell) * (minutes // gap + 1):
        length = min(length, left)  # noqa: PLW2901
        if length:
            done.append((length, doing))
            left -= length
    return [*done, (1, TYPES)]


def _round(gap: int, cell: Doing) -> Doings:
    return [(1, TYPES), (2, cell), (gap - 3, THERE)]


def then_silent(doings: Doings, *, page: bool) -> Doings:
    """Do the same with a page open, or with none."""
    return [(length, replace(doing, page=page, present=False)) for length, doing in doings]


def gone(*, page: bool, minutes: int = 24 * 60) -> Doings:
    """Nobody is there any more."""
    return [(minutes, OPEN_PAGE if page else UNUSED)]


def reconnecting(minutes: int = 24 * 60) -> Doings:
    """A page in a laptop that wakes up every 40 minutes and connects again."""
    return [(38, UNUSED), (2, OPEN_PAGE)] * (minutes // 40)
