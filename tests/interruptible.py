"""The program in a process of its own that Ctrl-C ends, whatever started the tests.

Shells have what they run in the background ignore SIGINT, and so do all programs started by that.
"""

import sys

_CODE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from gpucommons_config.command import main; sys.exit(main(sys.argv[1:]))"
)


def interruptible(*arguments: str) -> list[str]:
    """Return the command line that runs ``gpucommons`` with these arguments."""
    return [sys.executable, "-c", _CODE, *arguments]
