"""Runs the probe until a signal ends it, with its metrics and its health."""

import argparse
import asyncio
import logging
import sys
import time
from contextlib import AsyncExitStack

from gpucommons_people.errors import InputError, PeopleError
from gpucommons_upkeep import Backoff, Heartbeat, keep_going
from gpucommons_upkeep.errors import SetupError
from gpucommons_upkeep.logs import begin_logs
from gpucommons_web.health import HealthHandler, MetricsHandler, trouble_of
from gpucommons_web.running import end, listen, until_signal
from tornado.web import Application

from gpucommons_doctor.after.given import hub_address, secret_in, trust_of
from gpucommons_doctor.after.sign_in import Password
from gpucommons_doctor.finding import State
from gpucommons_doctor.installation import read_installation
from gpucommons_doctor.probe.look import STEPS, Look, Result, chosen, look
from gpucommons_doctor.probe.metrics import ProbeMetrics
from gpucommons_doctor.runner import SOUND, UNKNOWN

_MISSED = 3
"""So many looks may be missing, beside one whose steps all take their time, until the probe calls
itself unwell."""
log = logging.getLogger(__name__)


class Probe:
    """Looks again and again, and counts. What it is given is read anew each time."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Raises InputError for what cannot be used at all."""
        self._arguments = arguments
        self._address, self._trust = hub_address(arguments.hub), trust_of(arguments.ca)
        self.metrics = ProbeMetrics()
        longest = len(STEPS) * arguments.timeout
        self.heart = Heartbeat("looking", _MISSED * arguments.every + longest)
        self._due = time.monotonic()

    async def step(self) -> None:
        """Wait until the next look is due, and look."""
        await asyncio.sleep(max(0.0, self._due - time.monotonic()))
        self._due = time.monotonic() + self._arguments.every
        found = await self._look()
        self.metrics.note(found, time.time())
        _tell(found)
        # A look that is interrupted stops what it began, and then it has to end here.
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError

    async def _look(self) -> Look:
        given = self._arguments
        try:
            catalogue = read_installation(given.catalogue).catalogue
            choice = chosen(catalogue, given.environment, given.size, given.team)
            login = Password(given.user, secret_in(given.password_file), given.connector)
        except InputError as error:
            log.warning("Not looked: %s", error)
            return Look(Result.UNKNOWN)
        return await look(self._address, self._trust, login, choice, given.timeout)


def run(arguments: argparse.Namespace) -> int:
    """Run the command ``gpucommons probe``; returns its exit code."""
    begin_logs("start-probe", text="%(levelname)s %(message)s")
    try:
        asyncio.run(_serve(Probe(arguments), arguments.port, arguments.address))
    except (PeopleError, SetupError) as error:
        sys.stderr.write(f"{error}\n")
        return UNKNOWN
    return SOUND


async def _serve(probe: Probe, port: int, address: str) -> None:
    hearts = [probe.heart]
    health = {"health": lambda: trouble_of(hearts), "hearts": hearts}
    metrics = {"metrics": probe.metrics}
    pages = Application([("/metrics", MetricsHandler, metrics), ("/health", HealthHandler, health)])
    async with AsyncExitStack() as stack:
        listen(stack, pages, port, address)
        loop = keep_going(probe.step, heart=probe.heart, backoff=Backoff(1.0, 60.0), log=log)
        stack.push_async_callback(end, asyncio.create_task(loop))
        log.info("Looking; metrics and health at port %d", port)
        await until_signal()


def _tell(found: Look) -> None:
    """Write into the log what came of a look, and of each step that was not good why."""
    seconds = sum(each.seconds for each in found.outcomes)
    log.info("Looked for %.1f s: %s", seconds, found.result)
    for each in found.outcomes:
        if each.finding and each.finding.state is not State.GOOD:
            said = each.finding
            log.warning("%s: %s %s", each.step.name, said.found, said.advice)
