"""The hub's image has fewer packages than a checkout: every command of it starts with these."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

import pytest
from gpucommons_local.machine.cache import checkout

_PINNED = {
    name.lower().replace("_", "-")
    for name in re.findall(
        r"^([\w.-]+)==", (checkout() / "images/hub/requirements.txt").read_text(), re.MULTILINE
    )
}
# Runs a program where nothing can be imported but the standard library, what the image pins
# and our own packages.
_AS_IN_THE_IMAGE = """
import sys
from importlib.machinery import PathFinder

theirs = set(sys.argv.pop(1).split(","))

class Installed(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in theirs else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Installed
module = sys.argv.pop(1)
sys.exit(__import__(module, fromlist=["main"]).main())
"""


@pytest.fixture(scope="module")
def as_in_the_image() -> list[str]:
    """What a program is started by, with what the image lacks named."""
    theirs = {
        module
        for module, names in packages_distributions().items()
        if not {re.sub("[-_.]+", "-", name.lower()) for name in names} & {*_PINNED, "gpucommons"}
    }
    return [sys.executable, "-c", _AS_IN_THE_IMAGE, ",".join(sorted(theirs))]


@pytest.mark.parametrize(
    ("module", "arguments", "says"),
    [
        ("gpucommons_config.command", ["--help"], "doctor"),
        ("gpucommons_config.command", ["doctor", "--list"], "storage"),
        ("gpucommons_config.command", ["catalogue", "schema"], "environments"),
        ("gpucommons_config.command", ["team", "list", "--help"], "--config"),
        ("gpucommons_config.command", ["idle", "check", "--help"], "rules"),
        ("gpucommons_config.idle.command", ["--help"], "--lease"),
    ],
)
def test_a_command_starts_with_what_the_image_has(as_in_the_image, module, arguments, says):
    done = subprocess.run(
        [*as_in_the_image, module, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


def test_the_local_platform_is_not_among_them(as_in_the_image):
    done = subprocess.run(
        [*as_in_the_image, "gpucommons_config.command", "up"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "invalid choice: 'up'" in done.stderr
