"""Cases for gator, Gatekeeper's tool that asks templates and constraints without a cluster."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from gpucommons_local.machine.test_programs import GATOR, test_program

from .objects import TEAM, Body

_TEAM = "{'metadata': {'labels': {'gpucommons.io/team': 'vision'}}}"
"""gator 3.23 knows no `namespaceObject`, which the webhook and the audit do."""
_FAILED = re.compile(r"^ +--- FAIL: (\d+)\t.*\n((?: {6,}.*\n)*)", re.MULTILINE)


class Suite:
    """What gator is to find; each case is a number in its files."""

    def __init__(self, folder: Path, rules: Mapping[str, tuple[Body, Body]]):
        self._folder = folder
        self._names: list[str] = []
        self._tests: dict[str, Any] = {}
        namespace = {"metadata": {"name": TEAM, "labels": {"gpucommons.io/team": "vision"}}}
        self._write("namespace", {"apiVersion": "v1", "kind": "Namespace", **namespace})
        for policy, (template, constraint) in rules.items():
            known = json.loads(json.dumps(template).replace("namespaceObject", _TEAM))
            self._write(f"{policy}.template", known)
            self._write(f"{policy}.constraint", constraint)
            self._tests[policy] = {
                "name": policy,
                "template": f"{policy}.template.yaml",
                "constraint": f"{policy}.constraint.yaml",
                "cases": [],
            }

    def add(self, name: str, policy: str, given: Body, message: str = "") -> None:
        """Expect that a policy refuses what is given, and says so; without a message, that not."""
        number = str(len(self._names))
        self._names.append(f"{name} ({policy})")
        self._write(number, given)
        expected: dict[str, str] = {"violations": "no"}
        if message:
            expected = {"violations": "yes", "message": re.escape(message)}
        self._tests[policy]["cases"].append(
            {
                "name": number,
                "object": f"{number}.yaml",
                "inventory": ["namespace.yaml"],
                "assertions": [expected],
            }
        )

    def failed(self) -> dict[str, str]:
        """Ask gator; returns what it says of each case that is otherwise than expected."""
        suite = {
            "apiVersion": "test.gatekeeper.sh/v1alpha1",
            "kind": "Suite",
            "tests": [each for each in self._tests.values() if each["cases"]],
        }
        self._write("suite", suite)
        command = [str(test_program(GATOR)), "verify", str(self._folder / "suite.yaml")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = {self._names[int(number)]: said for number, said in _FAILED.findall(done.stdout)}
        assert bool(done.returncode) == bool(found), done.stdout + done.stderr
        return found

    def _write(self, name: str, given: Body) -> None:
        (self._folder / f"{name}.yaml").write_text(yaml.safe_dump(given))
