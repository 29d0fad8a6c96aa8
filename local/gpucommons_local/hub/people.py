"""The demo teams and people of a local platform, made with the account commands themselves."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.hub.demo import people_csv, teams_file
from gpucommons_local.hub.people_file import handouts_folder, people_file
from gpucommons_local.machine.cache import checkout, fingerprint
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.programs import KUEUE, built
from gpucommons_local.machine.toolchain import BIN

_PASSWORD = re.compile(r"^\| Password \| `(.+)` \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Command:
    """A command that is given once, and again when what it is made of changed.

    So whatever somebody changes or removes on their platform after it stays so.
    """

    words: tuple[str, ...]
    sources: tuple[Path, ...]
    lacking: tuple[str, ...] = ()  # what the cluster does not have yet

    def done(self, instance: Instance) -> Path:
        """Return the file that is there once this was done with these sources."""
        name = f"{'-'.join(self.words[:2])}-{fingerprint(self.sources, *self.lacking)}"
        return instance.state / "demo" / name


def make_demo(instance: Instance) -> None:
    """Make the demo teams and people. The hub has to run: it may know somebody of that name."""
    for command in _missing(instance):
        _gpucommons(instance, command.words)
        command.done(instance).parent.mkdir(exist_ok=True)
        command.done(instance).touch()


def demo_made(instance: Instance) -> bool:
    """Say whether `make_demo` has nothing to do."""
    return not _missing(instance)


def first_password(instance: Instance, username: str) -> str | None:
    """Read somebody's password on the handout; None for somebody who has no handout (any more)."""
    file = handouts_folder(instance) / f"{username}.md"
    if not file.exists():
        return None
    found = _PASSWORD.search(file.read_text(encoding="utf-8"))
    return found[1] if found else None


def _missing(instance: Instance) -> list[_Command]:
    team_base = checkout() / "people" / "gpucommons_people" / "team_base"
    lacking = () if built(KUEUE) else (KUEUE,)  # teams have queues with it
    teams = ("team", "apply", "--file", str(teams_file()))
    commands = (
        _Command(teams, (teams_file(), team_base), lacking),
        _Command(("user", "import", str(people_csv())), (people_csv(),)),
    )
    return [each for each in commands if not each.done(instance).exists()]


def _gpucommons(instance: Instance, words: Sequence[str]) -> None:
    command = [str(BIN / "gpucommons"), *words, "--config", str(people_file(instance))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PlatformError(f"This failed: {' '.join(command)}\n{done.stderr.strip()}")
