"""What `gpucommons doctor` takes the arguments of its container for."""

import argparse
from collections.abc import Mapping
from typing import Any

from gpucommons_doctor.command import add_parsers


def given(container: Mapping[str, Any]) -> argparse.Namespace:
    """Read a container's arguments as the program does; raises SystemExit if it would not."""
    program, *arguments = container["args"]
    assert program == "gpucommons"
    parser = argparse.ArgumentParser()
    add_parsers(parser.add_subparsers(), lambda values, catalogue: {})
    return parser.parse_args(arguments)
