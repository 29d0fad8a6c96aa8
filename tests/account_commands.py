"""The account commands on a running platform, and Lin, who comes and goes with them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.platform import GPUCOMMONS, Account, LocalPlatform

LIN = "lin@example.org"


class Commands:
    """The account commands, on one platform."""

    def __init__(self, platform: LocalPlatform) -> None:
        self._config = str(platform.state / "people.yaml")

    def __call__(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        command = [GPUCOMMONS, *arguments, "--config", self._config, "--json"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == expect, result.stdout + result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def add_lin(self, *teams: str) -> Account:
        """Give Lin an account in these teams; returns it with the password of the handout."""
        options = [word for team in teams for word in ("--team", team)]
        change = self("user", "add", LIN, *options)
        handout = Path(change["changes"][0]["data"]["handout"]).read_text()
        password = re.search(r"\| Password \| `([^`]+)` \|", handout)
        assert password, handout
        return Account(LIN, password[1], list(teams), False)

    def leave_nothing_of_lin(self) -> None:
        """Remove Lin with all files. That there is no Lin is the error that does not matter."""
        remove = [GPUCOMMONS, "user", "remove", LIN, "--grace", "0s", "--delete-workspace"]
        remove += ["--without-snapshot"]  # which takes a while, and nobody wants it back
        subprocess.run([*remove, "--config", self._config], capture_output=True, check=False)
