"""The page of commands, from argparse's parsers."""

import argparse

import pytest
from reference_pages.command_line import commands, page, parser_of, section
from reference_pages.project import MissingTextError


def _program() -> None:
    parser = argparse.ArgumentParser(prog="example", description="Show an example.")
    group = parser.add_subparsers()
    send = group.add_parser("send", help="send one")
    send.add_argument("text", help="what people read")
    send.add_argument("--level", choices=["info", "error"], default="info", help="(%(default)s)")
    send.add_argument("--secret", help=argparse.SUPPRESS)
    parser.parse_args()
    raise AssertionError("the program ran")


def test_the_parser_is_taken_from_a_program_without_running_it():
    assert parser_of("example", _program).prog == "example"


def test_every_command_has_its_purpose_usage_and_arguments():
    found = {parser.prog: (parser, about) for parser, about, _ in commands(_parser())}
    text = section(*found["example send"])
    assert "Send one." in text
    assert "example send [-h] [--level {info,error}] text" in text
    assert "| `text` | What people read. |" in text
    assert "| `--level LEVEL` | (info). One of: info, error. |" in text
    assert "secret" not in text


def test_an_argument_without_help_fails_the_build():
    parser = argparse.ArgumentParser(prog="example")
    parser.add_argument("--what")
    with pytest.raises(MissingTextError, match="--what"):
        section(parser, "about")


def test_a_command_without_help_fails_the_build():
    parser = argparse.ArgumentParser(prog="example")
    parser.add_subparsers().add_parser("send")
    with pytest.raises(MissingTextError, match="example send"):
        list(commands(parser))


def test_all_commands_of_the_project_are_on_the_page():
    text = page()
    for name in ("gpucommons up", "gpucommons user add", "gpucommons-idle"):
        assert f" `{name}`\n" in text


def _parser() -> argparse.ArgumentParser:
    return parser_of("example", _program)
