"""The command ``gpucommons init``.

Only what the arguments need is imported here; the rest when the command was chosen.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_installer.questions import QUESTIONS, Question

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_ABOUT = """
Write the folder that an installation on a cluster needs, for your own git: values of charts,
catalogue, teams, and how each Secret is made. Asks for what no option says; where the input is no
terminal, a missing answer is an error. Nothing in the folder is secret, and nothing of yours is
overwritten. The exit code is 0, or 1 if nothing was written.
"""


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser(
        "init",
        help="write the folder that an installation on a cluster needs",
        description=" ".join(_ABOUT.split()),
    )
    parser.set_defaults(run=_run)
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=Path("installation"),
        metavar="FOLDER",
        help="a new or empty folder (%(default)s)",
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="write again what nobody changed by hand since, and show each difference",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be written, and write nothing",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="YAML file of answers, read if it is there, and written; else FOLDER/answers.yaml",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document, and no questions")
    for question in QUESTIONS:
        parser.add_argument(
            question.flag, dest=question.key, metavar="ANSWER", help=_help(question)
        )


def _help(question: Question) -> str:
    text = f"{question.text}: {question.allowed}"
    if isinstance(question.default, str) and question.default:
        text += f" ({question.default})"
    return text.replace("%", "%%")


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_installer.initialization import run  # noqa: PLC0415 -- see above

    return run(arguments)
