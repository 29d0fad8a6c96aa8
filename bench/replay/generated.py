"""Days by chance: plausible mixes of what people do and of what goes wrong.

They are no measured usage of anybody. How often each kind of day and each fault comes stands
below; all else is drawn evenly between two bounds. The same seed gives the same days.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from bench.replay.day import MINUTES, Day, Doing, Faults, Span
from bench.replay.doings import (
    CELL_TRAINING,
    DEBUGGING,
    EVALUATION,
    LOADING,
    OPEN_PAGE,
    POLLED,
    SERVED,
    TERMINAL_TRAINING,
    THERE,
    TYPES,
    UNUSED,
    VSCODE_TYPES,
    WATCHED,
    Doings,
    gone,
    reconnecting,
    sitting,
)

SEED = 7


def days(count: int, seed: int = SEED) -> Iterator[Day]:
    """Make days up."""
    for number in range(count):
        yield _day(Random(f"{seed} {number}"))


def _day(random: Random) -> Day:
    kinds, weights = zip(*_KINDS, strict=True)
    kind = random.choices(kinds, weights)[0]
    day: Day = kind(random)
    faults = day.faults
    for share, fault in _FAULTS:
        if random.random() < share:
            faults = faults.joined(fault(random))
    return replace(day, faults=faults)


# Kinds of days


def _notebook(random: Random) -> Day:
    """One to three sittings with pauses, the GPU used now and then."""
    return Day("notebook", (*_sittings(random), *_left(random)))


def _training_in_a_cell(random: Random) -> Day:
    """Half of them write nothing; most people close the browser meanwhile."""
    return _day_of_training("training in a cell", random, CELL_TRAINING)


def _training_in_a_terminal(random: Random) -> Day:
    return _day_of_training("training in a terminal", random, TERMINAL_TRAINING)


def _day_of_training(name: str, random: Random, training: Doing) -> Day:
    watched = random.random() < 0.3
    training = replace(
        training,
        gpu=random.randint(15, 100),
        processor=random.randint(20, 400),
        prints=random.random() < 0.5,
        page=watched,
    )
    hours = random.randint(60, 14 * 60)
    return Day(name, (*_sittings(random, most=1), (hours, training), *_left(random)))


def _vscode(random: Random) -> Day:
    """Edits and breakpoints, then in half of them a training from its terminal."""
    rounds = random.randint(3, 16)
    edits = [(random.randint(1, 4), VSCODE_TYPES), (random.randint(5, 45), DEBUGGING)] * rounds
    trains = random.random() < 0.5
    in_its_terminal = replace(TERMINAL_TRAINING, vscode=True)
    training = [(random.randint(30, 600), in_its_terminal)] if trains else []
    return Day("VS Code", (*edits, (1, VSCODE_TYPES), *training, *_left(random)))


def _loading(random: Random) -> Day:
    """Hours on the CPU, and then on the GPU, in one cell."""
    loading = replace(LOADING, processor=random.randint(30, 800), network=random.randint(0, 5000))
    work = [(random.randint(40, 300), loading), (random.randint(20, 400), CELL_TRAINING)]
    return Day("data loading", (*_sittings(random, most=1), *work, *_left(random)))


def _reading(random: Random) -> Day:
    """Reads and types, with up to 50 minutes of thought; one in five thinks for two hours."""
    rounds: Doings = []
    for _ in range(random.randint(3, 10)):
        rounds += [(random.randint(5, 50), THERE), (random.randint(1, 5), TYPES)]
    if random.random() < 0.2:
        rounds += [(random.randint(70, 120), THERE), (1, TYPES)]
    return Day("reading", (*rounds, *_left(random)))


def _polled(random: Random) -> Day:
    """Something asks the driver all the time: a notebook's thread, or nvidia-smi in a terminal."""
    polled = POLLED if random.random() < 0.5 else WATCHED
    polled = replace(polled, page=random.random() < 0.5)
    return Day("GPU polled", (*_sittings(random), (MINUTES, polled)))


def _served(random: Random) -> Day:
    """A server in a terminal that nobody uses any more."""
    return Day("server left", (*_sittings(random, most=1), (MINUTES, SERVED)))


def _never_used(random: Random) -> Day:
    return Day("never used", tuple(_left(random)))


def _course(random: Random) -> Day:
    """Ninety minutes on small data; most tabs stay open."""
    done = sitting(90, random.randint(4, 15), on_gpu=random.random() < 0.5)
    return Day("course", (*done, *gone(page=random.random() < 0.7)))


def _service(random: Random) -> Day:
    """A model in a notebook that somebody asks every few minutes, for some hours."""
    asked: Doings = []
    for _ in range(random.randint(5, 20)):
        asked += [
            (random.randint(3, 50), replace(UNUSED, works=True)),
            (random.randint(1, 2), replace(CELL_TRAINING, gpu=random.randint(5, 60))),
        ]
    return Day("service", (*_sittings(random, most=1), *asked, *_left(random)))


def _evaluation(random: Random) -> Day:
    """A long cell on the CPU that uses the GPU at its end only."""
    work = [(random.randint(60, 500), EVALUATION), (10, CELL_TRAINING)]
    return Day("evaluation", (*_sittings(random, most=1), *work, *_left(random)))


def _kept(random: Random) -> Day:
    """Somebody keeps the session, such as over a meeting, for two to twelve hours."""
    done = _sittings(random, most=1)
    end = sum(length for length, _ in done)
    kept = Span(end - 1, min(MINUTES, end + 60 * random.randint(2, 12)))
    return Day("kept", (*done, *_left(random)), kept=(kept,))


def _stuck(random: Random) -> Day:
    """A cell that waits for ever for what never comes: it counts as busy, and nothing works."""
    done = _sittings(random, most=1)
    end = sum(length for length, _ in done)
    return Day("stuck cell", (*done, *_left(random)), Faults(claims_work=(Span(end, MINUTES),)))


def _hung(random: Random) -> Day:
    """The session's server hangs for good once nobody is there."""
    done = _sittings(random, most=1)
    end = sum(length for length, _ in done)
    return Day("hung", (*done, *_left(random)), Faults(no_answer=(Span(end + 5, MINUTES),)))


_KINDS: tuple[tuple[Callable[[Random], Day], float], ...] = (
    (_notebook, 28),
    (_training_in_a_cell, 14),
    (_training_in_a_terminal, 10),
    (_vscode, 9),
    (_loading, 6),
    (_reading, 6),
    (_never_used, 6),
    (_course, 5),
    (_polled, 4),
    (_service, 3),
    (_evaluation, 3),
    (_kept, 2),
    (_served, 2),
    (_stuck, 1),
    (_hung, 1),
)
"""In percent of the days."""


def _sittings(random: Random, most: int = 3) -> Doings:
    done: Doings = []
    for number in range(random.randint(1, most)):
        if number:
            done += gone(page=random.random() < 0.5, minutes=random.randint(10, 180))
        gap, on_gpu = random.randint(5, 28), random.random() < 0.8
        done += sitting(random.randint(30, 240), gap, on_gpu=on_gpu)
    return done


def _left(random: Random) -> Doings:
    """How a session is left: closed, open, or in a laptop; one in five is not quite quiet.

    In those something wakes up every three hours and takes the processor for a minute.
    """
    how = random.random()
    if how < 0.2:
        return [(random.randint(150, 210), OPEN_PAGE), (1, replace(OPEN_PAGE, processor=30))] * 10
    if how < 0.35:
        return reconnecting()
    return gone(page=how < 0.65)


# What goes wrong, whatever the day


def _some_time(random: Random, shortest: int, longest: int) -> Span:
    begin = random.randrange(MINUTES)
    return Span(begin, min(MINUTES, begin + random.randint(shortest, longest)))


def _exporter_down(random: Random) -> Faults:
    return Faults(exporter_down=(_some_time(random, 10, 480),))


def _exporter_zeros(_: Random) -> Faults:
    return Faults(exporter_zeros=(Span(0, MINUTES),))


def _node_down(random: Random) -> Faults:
    return Faults(node_down=tuple(_some_time(random, 4, 30) for _ in range(random.randint(1, 3))))


def _slow_answers(random: Random) -> Faults:
    return Faults(no_answer=tuple(_some_time(random, 2, 30) for _ in range(random.randint(1, 3))))


def _culler_down(random: Random) -> Faults:
    return Faults(culler_down=(_some_time(random, 1, 20),))


def _clock(random: Random) -> Faults:
    by = random.choice((-1, 1)) * random.randint(4, 600)
    return Faults(culler_clock=((_some_time(random, 30, MINUTES), by),))


_FAULTS: tuple[tuple[float, Callable[[Random], Faults]], ...] = (
    (0.03, _exporter_down),
    (0.02, _exporter_zeros),
    (0.05, _node_down),
    (0.05, _slow_answers),
    (0.03, _culler_down),
    (0.01, _clock),
)
"""In shares of the days, each by itself."""
