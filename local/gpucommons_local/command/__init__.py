"""The ``gpucommons`` commands that run the local platform."""

from gpucommons_local.command.arguments import add_parsers, find_people_file

__all__ = ["add_parsers", "find_people_file"]
