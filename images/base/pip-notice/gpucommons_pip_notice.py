"""Says, after pip added packages to the image's own environment, that they go with the session.

The .pth file beside it has that environment's Python import it where pip is run: `pip install` in
a terminal, `!pip install` and `%pip install` in a notebook. Other environments, which last, have
a Python of their own that does not. What pip does is left alone, and only looked at afterwards.
"""

import atexit
import os
import sys
from pathlib import Path

_SESSION = "GPUCOMMONS_SESSION"  # what the spawner sets; nothing is lost where an image is built
_PACKAGES = Path(__file__).parent
_NOTICE = """\
These packages go away with the session. To keep packages, make an environment of your own:
    uv venv --seed ~/.venvs/NAME
    uv pip install --python ~/.venvs/NAME ipykernel PACKAGE ...
"""


def _installed() -> set[str]:
    return {each.name for each in _PACKAGES.glob("*.dist-info")}


def _tell(before: set[str]) -> None:
    if _installed() - before:
        sys.stderr.write(f"\n{_NOTICE}")


if _SESSION in os.environ:
    atexit.register(_tell, _installed())
