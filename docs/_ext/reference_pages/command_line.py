"""The page of commands, from the parsers of the installed programs."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from unittest.mock import patch

from reference_pages.markdown import cell, code, prose, sentence
from reference_pages.project import Main, MissingTextError, programs

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_WIDTH = 88
"""Columns of a usage line."""


class _ParsedError(Exception):
    """A program is about to read its arguments, with this parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


def page() -> str:
    """Return the page: a section for each command. Raises MissingTextError."""
    sections = [
        section(*command)
        for name, main in sorted(programs().items())
        for command in commands(parser_of(name, main))
    ]
    return "\n".join(sections)


def parser_of(name: str, main: Main) -> argparse.ArgumentParser:
    """Return the parser that a program makes, without running the program."""

    def stop(parser: argparse.ArgumentParser, *_more: object, **_named: object) -> None:
        raise _ParsedError(parser)

    with patch.object(argparse.ArgumentParser, "parse_args", stop), patch("sys.argv", [name]):
        try:
            main()
        except _ParsedError as found:
            return found.parser
    raise MissingTextError(f"{name} reads no arguments with argparse.")


def commands(
    parser: argparse.ArgumentParser, about: str = "", depth: int = 2
) -> Iterator[tuple[argparse.ArgumentParser, str, int]]:
    """Yield a parser and those of its commands, each with its purpose and its heading's depth."""
    yield parser, parser.description or about, depth
    for group in _command_groups(parser):
        texts = {each.dest: each.help for each in group._choices_actions}
        for name, command in group.choices.items():
            if not (text := texts.get(name)):
                raise MissingTextError(f"{command.prog} has no help=, which people look up.")
            yield from commands(command, text, min(depth + 1, 4))


def section(parser: argparse.ArgumentParser, about: str, depth: int = 2) -> str:
    """Return what the page says about one command. Raises MissingTextError."""
    lines = [f"{'#' * depth} {code(parser.prog)}", "", prose(sentence(about)), ""]
    lines += ["```text", _usage(parser), "```", ""]
    arguments = [
        each
        for each in parser._actions
        if each.help != argparse.SUPPRESS
        and not isinstance(each, argparse._HelpAction | argparse._SubParsersAction)
    ]
    for each in arguments:
        if not each.help:
            name = _name(each)
            raise MissingTextError(f"{parser.prog}: {name} has no help=, which people look up.")
    if arguments:
        lines += ["| Argument | |", "|---|---|"]
        lines += [f"| {code(_name(each))} | {cell(_help(parser, each))} |" for each in arguments]
        lines.append("")
    return "\n".join(lines)


def _command_groups(parser: argparse.ArgumentParser) -> "Sequence[Subparsers]":
    return [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]


def _usage(parser: argparse.ArgumentParser) -> str:
    with patch.dict("os.environ", COLUMNS=str(_WIDTH), NO_COLOR="1"):
        usage = parser.format_usage().strip()
    begin = "usage: "
    return usage.removeprefix(begin).replace("\n" + " " * len(begin), "\n")


def _name(argument: argparse.Action) -> str:
    value = argument.metavar or argument.dest
    value = value if isinstance(value, str) else " ".join(value)
    if not argument.option_strings:
        return value
    takes = f" {value if argument.metavar else value.upper()}" if argument.nargs != 0 else ""
    return ", ".join(argument.option_strings) + takes


def _help(parser: argparse.ArgumentParser, argument: argparse.Action) -> str:
    text = (argument.help or "") % {
        **vars(argument),
        "prog": parser.prog,
        "choices": ", ".join(map(str, argument.choices or ())),
    }
    if argument.choices and "%(choices)" not in (argument.help or ""):
        return f"{sentence(text)} One of: {', '.join(map(str, argument.choices))}."
    return sentence(text)
