"""The hub's image has fewer packages than a checkout: every command of it starts with these."""

import re
import subprocess
import sys

import pytest
from gpucommons_local.machine.cache import checkout

_PINNED = sorted(
    name.lower().replace("_", "-")
    for name in re.findall(
        r"^([\w.-]+)==", (checkout() / "images/hub/requirements.txt").read_text(), re.MULTILINE
    )
)
# Runs a program where nothing can be imported but the standard library, what the image pins
# and our own packages.
_AS_IN_THE_IMAGE = """
import re, sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions

pinned = set(sys.argv.pop(1).split(","))
theirs = {
    module
    for module, names in packages_distributions().items()
    if not {re.sub("[-_.]+", "-", name.lower()) for name in names} & {*pinned, "gpucommons"}
}

class Installed(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in theirs else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
module = sys.argv.pop(1)
sys.exit(__import__(module, fromlist=["main"]).main())
"""


@pytest.mark.parametrize(
    ("module", "arguments", "says"),
    [
        ("gpucommons_config.command", ["--help"], "doctor"),
        ("gpucommons_config.command", ["doctor", "--list"], "storage"),
        ("gpucommons_config.command", ["catalogue", "schema"], "environments"),
        ("gpucommons_config.command", ["team", "list", "--help"], "--config"),
        ("gpucommons_config.command", ["idle", "check", "--help"], "rules"),
        ("gpucommons_config.idle_command", ["--help"], "--lease"),
    ],
)
def test_a_command_starts_with_what_the_image_has(module, arguments, says):
    done = subprocess.run(
        [sys.executable, "-c", _AS_IN_THE_IMAGE, ",".join(_PINNED), module, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


def test_the_local_platform_is_not_among_them():
    done = subprocess.run(
        [
            *(sys.executable, "-c", _AS_IN_THE_IMAGE, ",".join(_PINNED)),
            *("gpucommons_config.command", "up"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "invalid choice: 'up'" in done.stderr
