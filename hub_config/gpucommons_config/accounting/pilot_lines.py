"""What ``gpucommons usage pilot`` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from gpucommons_config.accounting.demand_lines import known


def pilot_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """Write of each topic what was measured and what people answered, then the texts."""
    yield f"{said['quarter']}: answered by {said['people']}"
    for each in said["topics"]:
        yield ""
        yield each["title"]
        yield from (f"  {line}" for line in _measured(each["topic"], each["measured"]))
        yield f"  Not measured: {each['not_measured']}"
        yield f"  Answered: {_answered(each['answers'], said['shown_from'])}"
    for text in said["texts"]:
        yield ""
        yield from (f"> {line}" for line in text.splitlines())


def _measured(topic: str, said: Mapping[str, Any] | None) -> Iterator[str]:
    if said is None:
        return
    if topic == "sign-in":
        yield f"New: {said['newcomers']}, of whom had a session: {said['had_a_session']}"
        yield from _lengths("From the first press of Start to the first session", said)
    elif topic == "gpu-sessions":
        names = ("asked", "ready", "failed", "refused", "given_up")
        counts = (f"{name.replace('_', ' ')} {said[name]}" for name in names)
        yield f"Starts with a GPU: {', '.join(counts)}"
        yield from _lengths("From Start to ready", said)
    elif topic == "environments":
        yield (
            f"People with two sessions or more: {said['people']}; changed the environment: "
            f"{said['changed_environment']}, the size: {said['changed_size']}"
        )


def _lengths(words: str, said: Mapping[str, Any]) -> Iterator[str]:
    if said["p50"] is not None:
        yield f"{words}: half within {known(said['p50'])}, 95 of 100 within {known(said['p95'])}"


def _answered(said: Mapping[str, Any], shown_from: int) -> str:
    parts = [f"{said['rated']} rated it, {said['not_used']} have not used it"]
    if said["distribution"] is not None:
        parts.append(f"median {said['median']:g}")
        parts += [f"{rating}: {count}" for rating, count in said["distribution"].items()]
    elif said["rated"]:
        parts.append(f"ratings are shown from {shown_from} people on")
    return ", ".join(parts)
