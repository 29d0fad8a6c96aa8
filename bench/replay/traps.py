"""Days made by hand, one for each way in which a rule is known to err."""

from dataclasses import replace

from bench.replay.day import Day, Doing, Faults, Span
from bench.replay.doings import (
    CELL_TRAINING,
    DEBUGGING,
    IN_BACKGROUND,
    LOADING,
    OPEN_PAGE,
    POLLED,
    SERVED,
    TERMINAL_TRAINING,
    THERE,
    TRAINING,
    TYPES,
    UNUSED,
    VSCODE_TYPES,
    WATCHED,
    Doings,
    gone,
    reconnecting,
    sitting,
)

_HOUR = 60
_TEN_HOURS = 10 * _HOUR


def _day(
    name: str, *parts: Doings, faults: Faults | None = None, kept: tuple[Span, ...] = ()
) -> Day:
    doings = tuple(each for part in parts for each in part)
    return Day(name, doings, faults or Faults(), kept)


def _training(minutes: int = _TEN_HOURS, doing: Doing = CELL_TRAINING) -> Doings:
    return [(minutes, doing)]


_MORNING = sitting(2 * _HOUR)
_GONE = gone(page=False)

WORKING = (
    _day("a silent cell of ten hours, the browser closed", _MORNING, _training(), _GONE),
    _day(
        "training from a terminal, silent and unseen",
        _MORNING,
        _training(doing=TERMINAL_TRAINING),
        _GONE,
    ),
    _day(
        "debugging in VS Code, no kernel at all",
        [(1, VSCODE_TYPES), (49, DEBUGGING)] * 8,
        gone(page=True),
    ),
    _day("four hours of loading data on the CPU", _MORNING, _training(240, LOADING), _GONE),
    _day("a person who reads and types only", [(24, THERE), (1, TYPES)] * 12, gone(page=True)),
    _day(
        "a person who reads for two hours and presses Keep",
        _MORNING,
        [(120, THERE)],
        _MORNING,
        _GONE,
    ),
    _day(
        "a model that answers a request every 40 minutes",
        [(38, replace(UNUSED, works=True)), (2, replace(TRAINING, gpu=40))] * 18,
        _GONE,
    ),
    _day(
        "the exporter crashes during training",
        _MORNING,
        _training(),
        _GONE,
        faults=Faults(exporter_down=(Span(150, 400), Span(430, 700))),
    ),
    _day(
        "the exporter tells zeros during training",
        _MORNING,
        _training(doing=TERMINAL_TRAINING),
        _GONE,
        faults=Faults(exporter_zeros=(Span(0, 24 * _HOUR),)),
    ),
    _day(
        "the node is measured in pieces during training",
        _MORNING,
        _training(doing=TERMINAL_TRAINING),
        _GONE,
        faults=Faults(node_down=tuple(Span(at, at + 25) for at in range(130, 720, 60))),
    ),
    _day("a program in the background", _MORNING, _training(doing=IN_BACKGROUND), _GONE),
    _day(
        "a program in the background ends while the node is not measured",
        _MORNING,
        _training(79, IN_BACKGROUND),
        _GONE,
        faults=Faults(node_down=(Span(130, 200),)),
    ),
    _day(
        "the session does not answer while it computes",
        _MORNING,
        _training(),
        _GONE,
        faults=Faults(no_answer=(Span(150, 700),)),
    ),
    _day(
        "the clock steps forward by eight hours while a person thinks",
        _MORNING,
        [(30, THERE)],
        _MORNING,
        _GONE,
        faults=Faults(culler_clock=((Span(140, 24 * _HOUR), 8 * _HOUR),)),
    ),
    _day(
        "the clock steps back by an hour and a half while a person thinks",
        _MORNING,
        [(40, THERE)],
        _MORNING,
        _GONE,
        faults=Faults(culler_clock=((Span(0, 140), 90),)),
    ),
    _day(
        "the clock steps forward during the countdown",
        _MORNING,
        gone(page=False, minutes=50),
        _MORNING,
        _GONE,
        faults=Faults(culler_clock=((Span(160, 24 * _HOUR), 2 * _HOUR),)),
    ),
    _day(
        "the clock steps forward while a warned program waits",
        _MORNING,
        [(38, replace(UNUSED, works=True)), (2, IN_BACKGROUND)] * 5,
        _GONE,
        faults=Faults(culler_clock=((Span(155, 24 * _HOUR), 2 * _HOUR),)),
    ),
    _day(
        "the culler is restarted all the time during training",
        _MORNING,
        _training(doing=TERMINAL_TRAINING),
        _GONE,
        faults=Faults(culler_down=tuple(Span(at, at + 20) for at in range(130, 720, 45))),
    ),
    _day(
        "a GPU that works while the processor sleeps",
        [(20 * _HOUR, replace(CELL_TRAINING, processor=2, network=1))],
        _GONE,
    ),
)
"""What tempts a rule to end a session that works."""

IDLE = (
    _day("never used", _GONE),
    _day("a forgotten tab", _MORNING, gone(page=True)),
    _day("a tab that reconnects", _MORNING, reconnecting()),
    _day(
        "VS Code left open",
        [(1, VSCODE_TYPES), (9, DEBUGGING)] * 12,
        [(24 * _HOUR, replace(OPEN_PAGE, processor=3))],
    ),
    _day("a GPU that is polled", _MORNING, [(24 * _HOUR, POLLED)]),
    _day("nvidia-smi watched in a terminal", _MORNING, [(24 * _HOUR, WATCHED)]),
    _day(
        "the exporter is down for the whole day",
        _MORNING,
        _GONE,
        faults=Faults(exporter_down=(Span(0, 24 * _HOUR),)),
    ),
    _day(
        "the culler is restarted during the countdown",
        _MORNING,
        _GONE,
        faults=Faults(culler_down=(Span(160, 162),)),
    ),
    _day("kept until the afternoon", _MORNING, _GONE, kept=(Span(119, 480),)),
)
"""What tempts a rule to leave an idle session alone; ours ends each in time."""

BOUNDED = (
    _day(
        "a session that says for ever that it works",
        _MORNING,
        _GONE,
        faults=Faults(claims_work=(Span(120, 24 * _HOUR),)),
    ),
    _day("TensorBoard left in a terminal", _MORNING, [(24 * _HOUR, SERVED)]),
)
"""What ours ends only half a day later: it has the session's word that it works."""

LEFT_ALONE = (
    _day("a neighbour works on the same GPU", _MORNING, [(24 * _HOUR, replace(UNUSED, gpu=60))]),
    _day(
        "an idle session that does not answer",
        _MORNING,
        _GONE,
        faults=Faults(no_answer=(Span(150, 24 * _HOUR),)),
    ),
)
"""What ours leaves alone, for it is not known to be idle."""

TRAPS = (*WORKING, *IDLE, *BOUNDED, *LEFT_ALONE)
