"""What was found, as metrics: for a Pushgateway, or for node exporter's textfile collector.

Both read Prometheus' text format. Series are those of the checks that ran: four each, and two.
"""

from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, push_to_gateway, write_to_textfile

from gpucommons_doctor.finding import State
from gpucommons_doctor.runner import Result

JOB = "gpucommons-doctor"
"""The group of a Pushgateway that each push replaces as a whole."""
_TIMEOUT_S = 10.0


def as_metrics(results: Sequence[Result], ended: float, took_s: float) -> CollectorRegistry:
    """Turn results into metrics. ended: in Unix time. took_s: seconds for all checks."""
    registry = CollectorRegistry()
    states = Gauge(
        "gpucommons_doctor_check",
        "1 for the state that a check found, the worst of its findings; 0 for the others.",
        ("check", "state"),
        registry=registry,
    )
    for result in results:
        for state in State:
            states.labels(result.check.name, state).set(state is result.state)
    _gauge("last_run_timestamp_seconds", "When the checks last ended, as Unix time.", registry).set(
        ended
    )
    _gauge("last_run_duration_seconds", "How long the checks took.", registry).set(took_s)
    return registry


def deliver(registry: CollectorRegistry, file: Path | None, push: str | None) -> list[str]:
    """Write metrics to a file and push them to a Pushgateway, where these are given.

    Returns what went wrong, a sentence each. The file is replaced as a whole or left as it was.
    """
    problems = []
    if file is not None:
        try:
            write_to_textfile(str(file), registry)
        except OSError as error:
            why = error.strerror or error
            problems.append(f"The metrics cannot be written to {file}: {why}.")
    if push is not None:
        try:
            push_to_gateway(push, JOB, registry, timeout=_TIMEOUT_S)
        except (OSError, HTTPException, ValueError) as error:
            why = str(error) or type(error).__name__
            problems.append(f"The metrics cannot be pushed to {push}: {why}.")
    return problems


def _gauge(name: str, about: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(f"gpucommons_doctor_{name}", about, registry=registry)
