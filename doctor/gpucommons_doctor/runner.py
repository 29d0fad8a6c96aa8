"""Runs checks side by side, each for a limited time; whatever goes wrong is said, not passed."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gpucommons_contract.formats.wording import span
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check, or_unknown
from gpucommons_doctor.finding import Finding, State, unknown, worst

SOUND, FAULTS, UNKNOWN = 0, 1, 2
"""Exit codes: nothing is wrong, something is, or something could not be looked at."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found."""

    check: Check
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """The state that matters most."""
        return worst(each.state for each in self.findings)

    def as_json(self) -> dict[str, object]:
        """Turn into what ``--json`` prints."""
        return {
            "name": self.check.name,
            "question": self.check.question,
            "state": str(self.state),
            "findings": [each.as_json() for each in self.findings],
        }


async def examine(checks: Sequence[Check], cluster: Cluster, limit_s: float) -> list[Result]:
    """Run all checks, each for limit_s seconds at most; results are in the checks' order."""
    return list(await asyncio.gather(*(_result(each, cluster, limit_s) for each in checks)))


def exit_code(results: Sequence[Result]) -> int:
    """Return the code of what all checks found."""
    return code_of(each.state for each in results)


def code_of(states: Iterable[State]) -> int:
    """Return FAULTS if there is one, else UNKNOWN if something is, else SOUND."""
    present = set(states) or {State.UNKNOWN}
    if State.FAULT in present:
        return FAULTS
    return UNKNOWN if State.UNKNOWN in present else SOUND


async def _result(check: Check, cluster: Cluster, limit_s: float) -> Result:
    try:
        async with asyncio.timeout(limit_s):
            findings = await or_unknown(check.run(cluster))
    except TimeoutError:
        advice = "Give it more time with --timeout, or find out why the cluster is slow."
        findings = [unknown(f"There was no answer within {span(limit_s)}.", advice)]
    except Exception as error:  # a check that fails must not hide what the others found
        what = f"{type(error).__name__}: {error}"
        advice = "Report this: the check could not make sense of what the cluster holds."
        findings = [unknown(f"The check itself failed. {what}", advice)]
    if not findings:
        findings = [unknown("The check found nothing to look at.", "Report this.")]
    return Result(check, tuple(findings))
