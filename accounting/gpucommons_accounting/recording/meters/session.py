"""How busy GPUs are as sessions themselves read them, of those that nobody else measures."""

import asyncio
import logging
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gpucommons_contract import Annotation, Endpoint, TelemetryHistory
from gpucommons_upkeep.http_client import CALL_ERRORS, HTTPClient
from gpucommons_upkeep.session_tokens import MakeTokens, SessionTokens
from pydantic import TypeAdapter, ValidationError

from gpucommons_accounting.reckoning.use.readings import MEMORY_LIMIT, Reading

log = logging.getLogger(__name__)

_ANSWER = TypeAdapter(TelemetryHistory)
_PATH = f"{Endpoint.SESSION_GPU_HISTORY}?span=900"
_SECONDS, _LONGEST_S, _AT_ONCE = 10.0, 120.0, 20
"""How long one may take to answer, and all together; how many are asked at once."""
_MOST_STEPS, _LONGEST_STEP_S = 300, 60.0
_LONGEST_AGO_S = 3600.0
"""It was asked for a quarter of an hour; clocks may differ."""
_ALIKE_S = 0.01
"""By so much two steps may overlap: their times are rounded."""
_CONTAINER, _PORT, _PREFIX = "notebook", "notebook-port", "JUPYTERHUB_SERVICE_PREFIX"
"""KubeSpawner's and JupyterHub's names."""


class NoTokensError(Exception):
    """The hub gives no tokens for sessions. The message says why."""


class _Run(NamedTuple):
    user: str
    server: str
    uid: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a session answers, and whose it is."""

    run: _Run
    url: str


def address_of(pod: Mapping[str, Any]) -> Address | None:
    """Return where the session of a pod answers; None where that is not known yet."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    said = metadata.get("annotations") or {}
    ip, user = status.get("podIP"), said.get(Annotation.USER)
    container = next(
        (each for each in pod["spec"]["containers"] if each["name"] == _CONTAINER), None
    )
    if not (ip and user and container):
        return None
    variables = {each["name"]: each.get("value") for each in container.get("env") or ()}
    ports = {each.get("name"): each["containerPort"] for each in container.get("ports") or ()}
    prefix, port = variables.get(_PREFIX), ports.get(_PORT)
    if not (prefix and port):
        return None
    host = f"[{ip}]" if ":" in ip else ip
    run = _Run(user, said.get(Annotation.SERVER, ""), metadata["uid"])
    return Address(run, f"http://{host}:{port}{prefix}")


class SessionMeter:
    """Asks sessions for their last quarter of an hour."""

    def __init__(self, make_tokens: MakeTokens, calls: HTTPClient) -> None:
        """make_tokens: has the hub make them; raises NoTokensError."""
        self._calls = calls
        self._tokens: SessionTokens[_Run] = SessionTokens(make_tokens, NoTokensError)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._silent: set[str] = set()

    async def readings(
        self, addresses: Collection[Address], now: Callable[[], datetime]
    ) -> dict[str, list[Reading]]:
        """Return what each says, by uid; of one that does not answer nothing is known.

        Raises NoTokensError if the hub gives no token for any.
        """
        self._tokens.keep_only({each.run for each in addresses})
        self._silent &= {each.run.uid for each in addresses}
        found: dict[str, list[Reading]] = {}
        refused: list[NoTokensError] = []

        async def ask(address: Address) -> None:
            async with self._turns:
                try:
                    found[address.run.uid] = await self._ask(address, now)
                except NoTokensError as error:
                    refused.append(error)

        try:
            async with asyncio.timeout(_LONGEST_S), asyncio.TaskGroup() as group:
                for each in addresses:
                    group.create_task(ask(each))
        except TimeoutError:
            log.info("%d of %d sessions said how busy their GPUs are", len(found), len(addresses))
        if refused and not found:
            raise refused[0]
        return found

    async def _ask(self, address: Address, now: Callable[[], datetime]) -> list[Reading]:
        run = address.run
        token = await self._tokens.of(run)
        try:
            answer = await self._calls.send("GET", address.url + _PATH, token, seconds=_SECONDS)
            if answer.status in {401, 403}:
                self._tokens.doubt(run)
            if answer.status != 200:
                raise ValueError(f"it answered {answer.status}")
            found = list(readings_of(answer.body, now()))
        except CALL_ERRORS as error:
            if run.uid not in self._silent:
                log.info("The GPUs of %s/%s are not known: %s", run.user, run.server, error)
            self._silent.add(run.uid)
            return []
        self._silent.discard(run.uid)
        return found


def readings_of(answer: bytes, now: datetime) -> Iterator[Reading]:
    """Read a session's history: a reading for each step in which all its GPUs were read.

    Its person may have written it, so nothing in it is believed to make sense. Raises ValueError.
    """
    try:
        said = _ANSWER.validate_json(answer)
    except ValidationError as error:
        raise ValueError(f"its history of GPUs has not the form expected: {error}") from error
    times, devices = said.times, list(said.gpus.values())
    if not 0 < said.step <= _LONGEST_STEP_S or len(times) > _MOST_STEPS:
        raise ValueError(f"its history has {len(times)} steps of {said.step} s")
    if any(len(each.utilization) != len(times) for each in devices):
        raise ValueError("its history has other figures than moments")
    following = [*times[1:], math.inf]
    for number, (at, next_at) in enumerate(zip(times, following, strict=True)):
        if not at + said.step <= next_at + _ALIKE_S:
            raise ValueError("the steps of its history overlap")
        known = [each.utilization[number] for each in devices]
        loads = [load for load in known if load is not None]
        end, ended = min(at + said.step, next_at), now.timestamp()
        lately = ended - _LONGEST_AGO_S <= at and at + said.step <= ended
        if not loads or len(loads) < len(known) or not lately:
            continue
        if not all(0 <= load <= 100 for load in loads):
            raise ValueError(f"its GPUs are said to be at {loads} %")
        held = [each.memory[number] for each in devices if number < len(each.memory)]
        memory = [each for each in held if each is not None]
        if min(memory, default=0) < 0 or sum(memory) >= MEMORY_LIMIT:
            raise ValueError(f"its GPUs are said to hold {memory} bytes")
        yield Reading(
            datetime.fromtimestamp(at, UTC),
            datetime.fromtimestamp(end, UTC),
            percent=sum(loads) / len(loads),
            highest=max(loads),
            memory=sum(memory) if len(memory) == len(loads) else None,
        )
