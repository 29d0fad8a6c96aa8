"""Turns of starts: first come, first served, and nothing lost with who gives up."""

import asyncio

import pytest
from gpucommons_spawner.lifecycle.start_gate import StartGate, waiting_for_turn

LIMIT = 2


@pytest.fixture
def gate():
    return StartGate()


async def _come(gate, count):
    """Let so many come at once; answers with their tickets and who is let in, in order."""
    let_in, tickets = [], [gate.ticket() for _ in range(count)]

    async def one(ticket):
        await gate.enter(ticket, LIMIT)
        let_in.append(ticket)

    tasks = [asyncio.create_task(one(ticket)) for ticket in tickets]
    await asyncio.sleep(0)
    return tickets, let_in, tasks


async def test_as_many_as_there_are_slots_are_let_in_and_the_others_know_their_place(gate):
    tickets, let_in, tasks = await _come(gate, 4)
    assert let_in == tickets[:2]
    assert [gate.ahead(ticket) for ticket in tickets] == [None, None, 0, 1]
    for ticket in tickets:
        gate.leave(ticket, LIMIT)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert let_in == tickets


async def test_who_gives_up_makes_room_for_who_comes_after(gate):
    tickets, let_in, tasks = await _come(gate, 4)
    tasks[2].cancel()
    gate.leave(tickets[2], LIMIT)
    assert gate.ahead(tickets[3]) == 0
    gate.leave(tickets[0], LIMIT)
    await asyncio.wait_for(tasks[3], 1)
    assert let_in == [tickets[0], tickets[1], tickets[3]]


async def test_a_slot_that_was_given_to_who_has_just_given_up_is_passed_on(gate):
    tickets, let_in, tasks = await _come(gate, 4)
    gate.leave(tickets[0], LIMIT)  # the third has the slot, and does not know it yet
    tasks[2].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
    gate.leave(tickets[2], LIMIT)
    await asyncio.wait_for(tasks[3], 1)
    assert let_in[-1] == tickets[3]


async def test_a_slot_that_is_given_back_twice_is_one_slot(gate):
    tickets, let_in, _ = await _come(gate, 5)
    gate.leave(tickets[0], LIMIT)
    gate.leave(tickets[0], LIMIT)
    await asyncio.sleep(0)
    assert let_in == tickets[:3]


async def test_without_a_limit_nobody_waits(gate):
    async with asyncio.timeout(1):
        for _ in range(100):
            await gate.enter(gate.ticket(), 0)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (0, "Many sessions start now; yours is next."),
        (1, "Many sessions start now; 1 start is ahead of yours."),
        (7, "Many sessions start now; 7 starts are ahead of yours."),
    ],
)
def test_the_place_is_said_in_words(ahead, words):
    assert waiting_for_turn(ahead) == words
