"""Goes through the steps, one after the other, and ends in any case what they began."""

import asyncio
import time
from collections.abc import Coroutine, Sequence

import httpx
from gpucommons_contract.formats.wording import span

from gpucommons_doctor.after.step import Outcome, Step, StepFailedError, Tell
from gpucommons_doctor.after.steps import Stop
from gpucommons_doctor.finding import Finding, State, fault, good, unknown
from gpucommons_doctor.trust import refused_certificate


async def walk(
    steps: Sequence[Step], stop: Stop, limit_s: float, tell: Tell = lambda _: None
) -> list[Outcome]:
    """Try the steps, each for limit_s seconds at most, until one is not good.

    stop is the last step, and is tried in any case if there is something to stop: after a step
    that failed, and when the task is cancelled, as Ctrl-C does.
    """
    outcomes: list[Outcome] = []
    for step in steps:
        is_tried = all(each.state == State.GOOD for each in outcomes)
        outcomes.append(await _tried(step, limit_s, tell) if is_tried else Outcome(step))
    if not stop.is_needed:
        return [*outcomes, Outcome(stop)]
    return [*outcomes, await _whatever_happens(_tried(stop, limit_s, tell))]


async def _tried(step: Step, limit_s: float, tell: Tell) -> Outcome:
    begun, told = time.monotonic(), ""

    def also_here(words: str) -> None:
        nonlocal told
        told = words
        tell(f"{step.name}: {words}")

    tell(step.name)
    try:
        async with asyncio.timeout(limit_s):
            finding = good(await step.run(also_here))
    except asyncio.CancelledError:
        finding = unknown(f"Interrupted. {told}".rstrip(), "Run the command again.")
    except TimeoutError:
        advice = "Give it more time with --timeout, or find out what it waits for."
        finding = fault(f"Not done within {span(limit_s)}. {told}".rstrip(), advice)
    except StepFailedError as error:
        finding = fault(error.seen, error.advice)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        finding = _no_answer(error)
    except Exception as error:  # what was begun must be ended
        what = f"{type(error).__name__}: {error}"
        finding = unknown(f"The step itself failed. {what}", "Report this.")
    return Outcome(step, finding, time.monotonic() - begun)


async def _whatever_happens(work: Coroutine[None, None, Outcome]) -> Outcome:
    """Do it to its end, although the task is cancelled meanwhile; not if that happens twice."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        return await task


def _no_answer(error: httpx.HTTPError | httpx.InvalidURL) -> Finding:
    request = error.request if isinstance(error, httpx.RequestError) else None
    where = f"{request.url.scheme}://{request.url.netloc.decode()}" if request else "The address"
    if (refused := refused_certificate(error)) is not None:
        return fault(
            f"The certificate of {where} is not trusted: {refused.verify_message}.",
            "Send the whole chain. If your own authority signed it, name its file with --ca.",
        )
    return fault(
        f"{where} cannot be reached from here: {str(error) or type(error).__name__}.",
        "Look whether people open the hub as --hub says, and run this from where they are.",
    )
