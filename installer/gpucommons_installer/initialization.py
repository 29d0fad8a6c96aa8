"""What ``gpucommons init`` does: settle answers, render files, write the folder, and report."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from gpucommons_installer import folder as folders
from gpucommons_installer.answers import Answers
from gpucommons_installer.answers_file import read_answers, write_answers
from gpucommons_installer.errors import InstallerError
from gpucommons_installer.questions import QUESTIONS
from gpucommons_installer.rendering import render
from gpucommons_installer.settling import as_given, settle
from gpucommons_installer.terminal import Terminal
from gpucommons_installer.update import Update, compare


@dataclass(frozen=True, slots=True)
class _Task:
    """What was asked for: folder, where the answers are, and those that options give."""

    folder: Path
    answers: Path
    given: Mapping[str, str]
    update: bool
    is_asking: bool


def run(arguments: argparse.Namespace) -> int:
    """Run the command; returns 0, or 1 for what was reported."""
    task = _task(arguments)
    try:
        done = _write(task)
    except InstallerError as error:
        if arguments.json:
            _print(json.dumps({"error": error.sentence, "problems": error.problems}, indent=2))
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    _print(_as_json(task, done) if arguments.json else _as_text(task, done))
    return 0


def _task(arguments: argparse.Namespace) -> _Task:
    folder: Path = arguments.folder
    given = {
        each.key: value for each in QUESTIONS if (value := getattr(arguments, each.key)) is not None
    }
    return _Task(
        folder,
        arguments.answers or folder / folders.ANSWERS,
        given,
        arguments.update,
        is_asking=not arguments.json and sys.stdin is not None and sys.stdin.isatty(),
    )


def _write(task: _Task) -> Update:
    if not task.update and not folders.is_new(task.folder):
        raise InstallerError(
            f"{task.folder} has files in it, and nothing is overwritten. Name a new folder, or "
            "write --update for one that this command wrote."
        )
    known = folders.written(task.folder) if task.update else {}
    answers = _settled(task)
    _check_clone(task.folder, answers)
    found = compare(render(answers), known, partial(folders.content, task.folder))
    files = {**found.write, folders.WRITTEN: folders.list_of(found.hashes)}
    own = task.folder / folders.ANSWERS
    if _says_else(own, answers):
        files[folders.ANSWERS] = write_answers(answers)
    folders.write(task.folder, files)
    if task.answers != own and _says_else(task.answers, answers):
        named = PurePosixPath(task.answers.name)
        folders.write(task.answers.parent, {named: write_answers(answers)})
    return found


def _settled(task: _Task) -> Answers:
    kept = read_answers(task.answers) if task.answers.exists() else {}
    if task.update and not kept:
        raise InstallerError(f"{task.answers} has no answers. Name their file with --answers.")
    given = {**kept, **task.given}
    if "clone" not in given and (clone := _clone(Path.cwd())):
        given["clone"] = os.path.relpath(clone, task.folder.resolve())
    # An option may make answers pointless that were kept, but not others that were given with it.
    pointless = kept.keys() - task.given.keys() if task.given else ()
    asker = Terminal(sys.stdin, sys.stderr) if task.is_asking else None
    return settle(given, asker, pointless)


def _clone(begin: Path) -> Path | None:
    """Find the clone of the repository that a folder is in."""
    found = (each for each in (begin, *begin.parents) if not _lacks(each))
    return next(found, None)


def _check_clone(folder: Path, answers: Answers) -> None:
    clone = Path(os.path.normpath(folder.resolve() / answers.clone))
    if lacking := _lacks(clone):
        raise InstallerError(
            f"--clone: {clone} has no {lacking}. Write the path of the clone of GPU Commons from "
            f"{folder}, such as .. if that is within it."
        )


def _lacks(folder: Path) -> str | None:
    """Name what a clone has and this folder does not; None if it is one."""
    return next((each for each in _OF_A_CLONE if not (folder / each).is_file()), None)


_OF_A_CLONE = ("cluster/idle-culler/kustomization.yaml", "helm-values/helmfile.yaml.gotmpl")


def _says_else(file: Path, answers: Answers) -> bool:
    """Whether a file has to be written so that a run with it gives these answers."""
    return not file.exists() or read_answers(file) != as_given(answers)


def _as_json(task: _Task, done: Update) -> str:
    return json.dumps(
        {
            "folder": str(task.folder),
            "answers": str(task.answers),
            "written": sorted(map(str, done.write)),
            "same": sorted(map(str, done.same)),
            "left": {str(file): why for file, why in sorted(done.left.items())},
            "unneeded": sorted(map(str, done.unneeded)),
            "differences": {str(file): text for file, text in sorted(done.differences.items())},
        },
        indent=2,
    )


def _as_text(task: _Task, done: Update) -> str:
    lines = []
    if task.update:
        lines += [f"{text}\n" for _, text in sorted(done.differences.items())]
    lines += [f"written   {file}" for file in sorted(done.write)]
    lines += [f"left      {file}: {why}" for file, why in sorted(done.left.items())]
    lines += [f"unneeded  {file}: these answers have no use for it" for file in done.unneeded]
    if not done.write:
        lines.append(f"{task.folder} already matches these answers; no file was written.")
    elif not task.update:
        lines.append(f"What to do next is in {task.folder / 'README.md'}.")
    return "\n".join(lines)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
