"""What the probe tells Prometheus, of all its looks since it began."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gpucommons_doctor.finding import State
from gpucommons_doctor.probe.look import STEPS, Look, Result

_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
_STATES = {State.GOOD: "good", State.FAULT: "failed"}
"""How a step ends. Of one whose turn had not come, or that was interrupted, nothing is known."""


class ProbeMetrics:
    """Metrics of one probe, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._looks = Counter(
            "gpucommons_probe_looks",
            "Looks that have ended: good, failed, waited for GPUs too long, turned-down by a rule "
            "or quota, or unknown.",
            ("result",),
            registry=self.registry,
        )
        self._steps = Counter(
            "gpucommons_probe_steps",
            "Steps of looks: good or failed.",
            ("step", "state"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "gpucommons_probe_step_seconds",
            "How long good steps took.",
            ("step",),
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self._last_good = Gauge(
            "gpucommons_probe_last_good_timestamp_seconds",
            "When the last good look ended, as Unix time; 0 before the first one.",
            registry=self.registry,
        )
        # A first failure is seen, as there was a 0 before it.
        for result in Result:
            self._looks.labels(result)
        for step in STEPS:
            for state in _STATES.values():
                self._steps.labels(step.name, state)

    def note(self, look: Look, ended: float) -> None:
        """Count a look. ended: in Unix time."""
        self._looks.labels(look.result).inc()
        for each in look.outcomes:
            if each.finding is None or not _is_told(look, each.finding.state):
                continue
            self._steps.labels(each.step.name, _STATES[each.finding.state]).inc()
            if each.finding.state is State.GOOD:
                self._seconds.labels(each.step.name).observe(each.seconds)
        if look.result is Result.GOOD:
            self._last_good.set(ended)

    def exposition(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self.registry)


def _is_told(look: Look, state: State) -> bool:
    return state is State.GOOD or (state is State.FAULT and look.result is Result.FAILED)
