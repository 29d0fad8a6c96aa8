"""What ``gpucommons usage replay`` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from gpucommons_contract.formats.wording import rough_span

from gpucommons_config.accounting.demand_lines import known

_COLUMNS = ("recorded", "replayed", "with_more")
_COUNTS = {"starts": "All", "waited": "Waited, or in vain", "in_vain": "In vain"}
_LENGTHS = {"p50": "Half of them waited", "p95": "95 of 100 waited"}


def replay_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """Write how long starts waited and would have, how well that fits, and on what it rests."""
    product, more = said["product"], said["more"]
    figures = [said[name] for name in _COLUMNS]
    starts = figures[0]["starts"]
    if not starts:
        yield f"No start in that time is known to have been for {product}."
    else:
        yield _row(f"Starts for {product}", "As recorded", "Replayed", f"With {more} more")
        for name, title in _COUNTS.items():
            yield _row(title, *(str(each[name]) for each in figures))
        for name, title in _LENGTHS.items():
            yield _row(title, *(known(each[name]) for each in figures))
        yield (
            f"Of {figures[0]['waited']} that waited, the replay explains {said['explained']}: with "
            f"{more} more, {said['spared']} of these would not have waited."
        )
        agreeing = f"{said['agreeing']} of {starts}"
        yield f"It agrees with the record about {agreeing} on whether they waited."
    yield from _basis(said)


def _basis(said: Mapping[str, Any]) -> Iterator[str]:
    yield "What it rests on:"
    if said["gpus"] is None:
        yield f"- Which {said['product']} there were is not known: there was what sessions held."
    else:
        looked = f"known of {float(said['coverage']):.0%} of the time"
        yield f"- {float(said['gpus']):.1f} {said['product']} there were on average, {looked}."
    for each in said["assumed_lengths"]:
        name, length = each["size"] or "not known", rough_span(each["seconds"])
        yield f"- Starts of size {name} that never had a GPU: {each['starts']}, for {length} each."
    for name, words in _COUNTED.items():
        if said[name]:
            yield f"- {words}: {said[name]}."
    for word, count in said["refused"].items():
        yield f"- Refused by {word}, and not replayed: {count}."
    for each in said["assumptions"]:
        yield f"- {each}"


_COUNTED = {
    "assumed_products": "Starts whose product is taken to be the usual one of their size",
    "joined": "Further tries within an hour, which are counted with the first one",
    "left_out": "Starts left out, as nobody knows for which product or for how long",
}


def _row(title: str, *cells: str) -> str:
    return f"{title:40}" + "".join(f"  {each:>24}" for each in cells)
