"""What ``gpucommons init`` does: settle answers, render files, write the folder, and report."""

import argparse
import json
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from gpucommons_installer import folder as folders
from gpucommons_installer.answers import Answers
from gpucommons_installer.answers_file import read_answers, write_answers
from gpucommons_installer.errors import InstallerError
from gpucommons_installer.questions import QUESTIONS
from gpucommons_installer.rendering import render
from gpucommons_installer.settling import as_given, settle
from gpucommons_installer.terminal import Terminal
from gpucommons_installer.update import Update, compare, refuse_older


@dataclass(frozen=True, slots=True)
class _Task:
    """What was asked for: folder, where the answers are, and those that options give."""

    folder: Path
    answers: Path
    given: Mapping[str, str]
    update: bool
    is_dry_run: bool
    is_asking: bool


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of the files, and what is new since the folder was last written.

    release_before is empty for a new folder, and for one from before releases were noted. answers
    are those that nobody had given until now, as texts by their keys.
    """

    files: Update
    release_before: str
    release: str
    answers: Mapping[str, str]


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
        arguments.dry_run,
        is_asking=not arguments.json and sys.stdin is not None and sys.stdin.isatty(),
    )


def _write(task: _Task) -> _Done:
    if not task.update and not folders.is_new(task.folder):
        raise InstallerError(
            f"{task.folder} has files in it, and nothing is overwritten. Name a new folder, or "
            "write --update for one that this command wrote."
        )
    release = version("gpucommons")
    before = folders.written(task.folder) if task.update else folders.Written("", {})
    refuse_older(before.release, release)
    kept = _kept(task)
    answers = _settled(task, kept)
    _check_clone(task.folder, answers)
    found = compare(render(answers), before.hashes, partial(folders.content, task.folder))
    if not task.is_dry_run:
        _write_all(task, answers, found, release)
    return _Done(found, before.release, release, _new_answers(task, kept, answers))


def _write_all(task: _Task, answers: Answers, found: Update, release: str) -> None:
    listed = folders.list_of(folders.Written(release, found.hashes))
    files = {**found.write, folders.WRITTEN: listed}
    own = task.folder / folders.ANSWERS
    if _says_else(own, answers):
        files[folders.ANSWERS] = write_answers(answers)
    folders.write(task.folder, files)
    if task.answers != own and _says_else(task.answers, answers):
        named = PurePosixPath(task.answers.name)
        folders.write(task.answers.parent, {named: write_answers(answers)})


def _kept(task: _Task) -> Mapping[str, str]:
    """Read the answers that are in a file already."""
    kept = read_answers(task.answers) if task.answers.exists() else {}
    if task.update and not kept:
        raise InstallerError(f"{task.answers} has no answers. Name their file with --answers.")
    return kept


def _new_answers(task: _Task, kept: Collection[str], answers: Answers) -> Mapping[str, str]:
    """Return what an update took for answers that neither its file nor an option gave."""
    if not task.update:
        return {}
    said = {*kept, *task.given}
    return {key: value for key, value in as_given(answers).items() if key not in said}


def _settled(task: _Task, kept: Mapping[str, str]) -> Answers:
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


def _as_json(task: _Task, done: _Done) -> str:
    files = done.files
    return json.dumps(
        {
            "folder": str(task.folder),
            "answers": str(task.answers),
            "dry_run": task.is_dry_run,
            "release": done.release,
            "release_before": done.release_before or None,
            "new_answers": dict(done.answers),
            "written": sorted(map(str, files.write)),
            "same": sorted(map(str, files.same)),
            "left": {str(file): why for file, why in sorted(files.left.items())},
            "unneeded": sorted(map(str, files.unneeded)),
            "differences": {str(file): text for file, text in sorted(files.differences.items())},
        },
        indent=2,
    )


def _as_text(task: _Task, done: _Done) -> str:
    files, lines = done.files, []
    if task.update:
        lines += [f"{text}\n" for _, text in sorted(files.differences.items())]
        if done.release_before != done.release:
            before = done.release_before or "not noted before"
            lines.append(f"release   {before}, now {done.release}")
    lines += [
        f"answer    {key}: {value or 'nothing'} (new; change it in {task.answers})"
        for key, value in done.answers.items()
    ]
    lines += [
        f"written   {file}{' (not yet)' if task.is_dry_run else ''}" for file in sorted(files.write)
    ]
    lines += [f"left      {file}: {why}" for file, why in sorted(files.left.items())]
    lines += [f"unneeded  {file}: these answers have no use for it" for file in files.unneeded]
    if not files.write:
        lines.append(f"{task.folder} already matches these answers; no file was written.")
    elif task.is_dry_run:
        lines.append("Nothing was written.")
    elif not task.update:
        lines.append(f"What to do next is in {task.folder / 'README.md'}.")
    return "\n".join(lines)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
