"""What can be read of a day, tick by tick. Rules see this, and never the truth."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.replay.day import MINUTES, Day, Span

NEVER = -1


@dataclass(slots=True)
class Reading:
    """What all sources say at one minute; of moments, the minute or `NEVER`.

    What lies before the start of the session that is looked at is not of that session.
    """

    minute: int
    works: bool
    """The truth, for judging a rule only."""
    present: bool
    """Whether the person would see a notice, and answer it."""
    gpu: int
    """Percent, the highest since the tick before, as the session reads it."""
    exporter: int | None
    """The same as DCGM's exporter tells it; None if it tells nothing."""
    processor: int
    network: int
    node: bool
    """Whether processor and network were measured."""
    answers: bool
    cell: bool
    cell_at: int
    """When a cell last began, wrote something, or ended."""
    program: str
    """What stands in front of a terminal; empty for the shell."""
    terminal_at: int
    """When something was last read from, or written to, a terminal."""
    shown_at: int
    """The same, as Jupyter Server counts it: while a page shows the terminal."""
    edit_at: int
    request_at: int
    """When something last went through the proxy."""
    culler: bool
    """Whether the culler runs."""
    clock: int
    """By how many minutes the culler's clock is ahead."""
    kept_until: int


def readings(day: Day, tick: int) -> Iterator[Reading]:
    """Read a day every so many minutes."""
    down, zeros, node_down, silent, culler_down, claims = (
        _marked(spans)
        for spans in (
            day.faults.exporter_down,
            day.faults.exporter_zeros,
            day.faults.node_down,
            day.faults.no_answer,
            day.faults.culler_down,
            day.faults.claims_work,
        )
    )
    cell_at = terminal_at = shown_at = edit_at = request_at = NEVER
    gpu = exporter = processor = network = 0
    works, cell, program = False, False, ""
    for minute, doing in enumerate(day.minutes()):
        if doing.cell != cell or (doing.cell and doing.prints):
            cell_at = minute
        if doing.program != program or (doing.program and doing.prints):
            terminal_at = minute
            shown_at = minute if doing.page and not doing.vscode else shown_at
        edit_at = minute if doing.edits else edit_at
        request_at = minute if doing.page or doing.edits else request_at
        cell, program = doing.cell, doing.program
        gpu = max(gpu, doing.gpu)
        exporter = max(exporter, 0 if zeros[minute] else doing.gpu)
        processor, network = max(processor, doing.processor), max(network, doing.network)
        works = works or doing.works
        if minute % tick == 0:
            yield Reading(
                minute=minute,
                works=works,
                present=doing.present,
                gpu=gpu,
                exporter=None if down[minute] else exporter,
                processor=processor,
                network=network,
                node=not node_down[minute],
                answers=not silent[minute],
                cell=doing.cell or bool(claims[minute]),
                cell_at=minute if claims[minute] else cell_at,
                program=doing.program,
                terminal_at=terminal_at,
                shown_at=shown_at,
                edit_at=edit_at,
                request_at=request_at,
                culler=not culler_down[minute],
                clock=_ahead(day, minute),
                kept_until=_kept_until(day, minute),
            )
            gpu = exporter = processor = network = 0
            works = False


def _marked(spans: tuple[Span, ...]) -> bytes | bytearray:
    marks = bytearray(MINUTES)
    for span in spans:
        end = min(span.end, MINUTES)
        marks[span.begin : end] = b"\1" * max(0, end - span.begin)
    return marks


def _ahead(day: Day, minute: int) -> int:
    return sum(by for span, by in day.faults.culler_clock if span.begin <= minute < span.end)


def _kept_until(day: Day, minute: int) -> int:
    return max((each.end for each in day.kept if each.begin <= minute < each.end), default=NEVER)
