"""What the command says: for people, a line for each change; for programs, one JSON document."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from gpucommons_spawner.catalogue.problems import Problem

from gpucommons_config.pinning.pin import LookedUp, Outcome, Pin

_NOTHING = "Nothing was written."


class Report:
    """What was found about one file, what went wrong, and whether it was written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pins: tuple[Pin, ...] = ()
        self._problems: tuple[Problem, ...] = ()
        self.written = False

    def found(self, found: LookedUp) -> None:
        """Take up what the registries said."""
        self._pins, self._problems = found.pins, found.problems

    def failed(self, problems: Iterable[Problem]) -> None:
        """Take up what went wrong, at places of the file."""
        self._problems = (*self._problems, *problems)

    def failed_as_a_whole(self, message: str) -> None:
        """Take up what went wrong, and is about no place of the file."""
        self.failed([Problem(message)])

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong, so that nothing was written."""
        return any(not each.warning for each in self._problems)

    @property
    def would_write(self) -> bool:
        """Whether something would change, and nothing keeps it from being written."""
        return not self.is_failure and any(pin.changes for pin in self._pins)

    def text(self) -> str:
        """Return the lines for people: what changes, and how many; empty if something is wrong."""
        if self.is_failure:
            return ""
        lines = [line for pin in self._pins if (line := self._line(pin))]
        lines.append(f"{self._file}: {self._summary()}")
        return "".join(f"{line}\n" for line in lines)

    def complaints(self) -> str:
        """Return what went wrong, one problem a line."""
        lines = [each.text(self._file) for each in self._problems]
        if self.is_failure:
            lines.append(_NOTHING)
        return "".join(f"{line}\n" for line in lines)

    def as_json(self) -> str:
        """Return everything, for programs."""
        return json.dumps(
            {
                "file": str(self._file),
                "written": self.written,
                "changes": sum(pin.changes for pin in self._pins),
                "images": [_as_json(pin) for pin in self._pins],
                "problems": [each.as_json() for each in self._problems],
            },
            indent=2,
        )

    def _line(self, pin: Pin) -> str:
        where = f"{self._file}:{pin.line}: {'.'.join(pin.target.keys)}"
        name, _, digest = pin.image.partition("@")
        match pin.outcome:
            case Outcome.PINNED:
                return f"{where}: {name} is {digest}"
            case Outcome.MOVED:
                before = pin.target.reference.digest
                return f"{where}: {name} is another image now: {digest}, before {before}"
            case Outcome.LEFT:
                return f"{where}: left as it is: a digest without a tag that could be looked up"
            case Outcome.UNCHANGED:
                return ""

    def _summary(self) -> str:
        count = Counter(pin.outcome for pin in self._pins)
        words = {} if self.written else {Outcome.PINNED: "to be pinned"}
        told = [f"{count[each]} {words.get(each, each)}" for each in Outcome if count[each]]
        end = f" {_NOTHING}" if self.would_write and not self.written else ""
        return f"{', '.join(told) or 'no image'}.{end}"


def _as_json(pin: Pin) -> dict[str, object]:
    target = pin.target
    return {
        "environment": target.environment,
        "version": target.version,
        "line": pin.line,
        "outcome": str(pin.outcome),
        "before": target.image,
        "after": pin.image,
        "digest": pin.image.partition("@")[2],
        "platforms": None if pin.platforms is None else list(pin.platforms),
    }
