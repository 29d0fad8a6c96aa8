"""A running local platform, as tests and benchmarks see it."""

import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gpucommons_local.machine.programs import program

GPUCOMMONS = str(Path(sys.executable).parent / "gpucommons")


@dataclass(frozen=True)
class Account:
    """A demo account, as `gpucommons status --json` tells it."""

    username: str
    password: str
    groups: list[str]
    admin: bool


@dataclass(frozen=True)
class LocalPlatform:
    """A running local platform."""

    name: str
    url: str
    issuer: str
    kubeconfig: Path
    state: Path
    accounts: dict[str, Account]
    """By the part of the user name before the @: student, researcher, admin, visitor."""
    authority: Path | None = None
    """What signed its certificates; none at HTTP."""

    @property
    def trusted(self) -> ssl.SSLContext | Literal[True]:
        """What a client trusts: the platform's authority alone, or the usual ones."""
        return ssl.create_default_context(cafile=self.authority) if self.authority else True

    def gpucommons(self, *arguments: str, check: bool = True) -> str:
        """Run a command of the project against this platform; gives its output."""
        command, *rest = arguments
        result = subprocess.run(
            [GPUCOMMONS, command, "--name", self.name, *rest],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"{arguments}: {result.stdout}\n{result.stderr}")
        return result.stdout

    def status(self) -> dict[str, Any]:
        """How each part is."""
        return json.loads(self.gpucommons("status", "--json", check=False))

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl as the cluster's administrator."""
        command = [str(program("kubectl")), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    @contextmanager
    def without(self, part: str) -> Iterator[None]:
        """Stop a part for a while, such as ``dex``."""
        control = str(Path(sys.executable).parent / "supervisorctl")
        command = [control, "-c", str(self.state / "run" / "supervisord.conf")]
        subprocess.run([*command, "stop", part], check=True, capture_output=True)
        try:
            yield
        finally:
            subprocess.run([*command, "start", part], check=True, capture_output=True)
            while not self.status()["parts"][part]["healthy"]:
                time.sleep(0.2)

    def log(self, part: str) -> str:
        """What a part has logged."""
        return (self.state / "logs" / f"{part}.log").read_text(errors="replace")


def look_at(name: str) -> LocalPlatform:
    """Find a platform that runs on this machine."""
    command = [GPUCOMMONS, "status", "--name", name, "--json"]
    # Its exit code tells the parts' health, which cannot be asked from inside the node.
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    return LocalPlatform(
        name=name,
        url=found["url"],
        issuer=found["issuer"],
        kubeconfig=Path(found["kubeconfig"]),
        state=Path(found["state"]),
        authority=Path(found["authority"]) if found["authority"] else None,
        accounts={each["username"].split("@")[0]: Account(**each) for each in found["accounts"]},
    )
