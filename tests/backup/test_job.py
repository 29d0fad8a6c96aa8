"""The program that Jobs run: what it reads, what it does, what it says at its end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from gpucommons_backup import BackupError, Retention
from gpucommons_backup.errors import DAMAGED, HALF_MADE
from gpucommons_backup.taking import Occasion
from gpucommons_backup.verifying import verify
from gpucommons_local.machine.programs import program, programs_folder

from tests.backup.takings import FIRST, Takings

_WITHOUT_ROOT_S_WAY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
"""Root reads every file, unless it lacks these capabilities."""


class Job:
    """One repository's Job: a process that is told everything by its environment."""

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        path = f"{programs_folder() / 'bin'}{os.pathsep}{os.environ['PATH']}"
        modules = os.environ.get("PYTHONPATH", "")
        self.environment = settings | {"PATH": path, "PYTHONPATH": modules}
        self.report = folder / "report"
        self._folder = folder

    def run(self, *arguments: object, before: list[str] | None = None) -> tuple[int, str]:
        """Run it, and return its exit code and what it has logged."""
        command = [*(before or ()), sys.executable, "-m", "gpucommons_backup"]
        command += ["--report", str(self.report), *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, cwd=self._folder, capture_output=True, check=False
        )
        return done.returncode, done.stderr.decode()

    def said(self) -> dict[str, object]:
        return json.loads(self.report.read_text())


@pytest.fixture
def job(store, name, tmp_path) -> Job:
    return Job(store.settings(name), tmp_path)


def snapshot_of(workspace: Path, occasion: str = "ended") -> tuple[object, ...]:
    return ("snapshot", workspace, "--occasion", occasion)


def test_the_first_snapshot_makes_the_repository_and_the_second_finds_nothing_new(
    job, store, name, workspace
):
    (workspace / "a").write_text("four")
    code, log = job.run(*snapshot_of(workspace))
    assert (code, log.splitlines()[0].split()[:2]) == (0, ["INFO", "snapshot"])
    first = job.said()
    assert (first["is_new"], first["files"], first["size"], first["unread"]) == (True, 1, 4, [])
    code, log = job.run(*snapshot_of(workspace, "live"))
    assert code == 0
    assert "nothing has changed since the snapshot" in log
    assert job.said() == first | {"is_new": False, "added": 0}
    assert [each.id for each in store.repository(name).snapshots("workspace")] == [
        first["snapshot"]
    ]


def test_restic_is_called_no_oftener_than_there_is_something_to_ask(job, workspace, tmp_path):
    """Each call derives the key anew, which takes as long as a snapshot of a small workspace."""
    programs, calls = tmp_path / "bin", tmp_path / "calls"
    programs.mkdir()
    (programs / "restic").write_text(
        f'#!/bin/sh\necho "$4" >> {calls}\nexec {program("restic")} "$@"\n'
    )
    (programs / "restic").chmod(0o755)
    job.environment["PATH"] = f"{programs}{os.pathsep}{job.environment['PATH']}"

    def called() -> list[str]:
        calls.write_text("")
        assert job.run(*snapshot_of(workspace))[0] == 0
        return calls.read_text().split()

    (workspace / "a").write_text("x")
    assert called() == ["snapshots", "init", "backup", "backup"]
    assert called() == ["snapshots"]
    (workspace / "a").write_text("other")
    assert called() == ["snapshots", "backup", "backup"]


def test_a_repository_that_must_be_there_is_not_made_anew(job, store, name, workspace):
    (workspace / "a").write_text("x")
    code, _log = job.run(*snapshot_of(workspace), "--expected")
    assert code == 1
    there = job.environment["RESTIC_REPOSITORY"]
    assert job.report.read_text() == (
        f"The store has no repository at {there}, though this workspace had snapshots there: is "
        "its disk mounted, and is `store` in the settings right? Nothing was made anew."
    )
    assert not store.folder(name).exists()
    assert job.run(*snapshot_of(workspace))[0] == 0
    assert job.run(*snapshot_of(workspace), "--expected")[0] == 0


def test_a_repository_that_was_not_made_to_its_end_is_said_to_be_one(job, store, name, workspace):
    assert job.run(*snapshot_of(workspace))[0] == 0
    (store.folder(name) / "config").unlink()
    code, _log = job.run(*snapshot_of(workspace))
    assert code == HALF_MADE
    assert job.report.read_text().startswith(
        f"The repository at {job.environment['RESTIC_REPOSITORY']} has a key and no configuration"
    )


def test_an_empty_workspace_is_no_error(job, workspace):
    code, log = job.run(*snapshot_of(workspace, "final"))
    assert (code, log) == (0, "INFO there is nothing in the workspace that is kept\n")
    assert job.said()["snapshot"] == ""


def test_what_cannot_be_read_is_named_and_tried_again(job, store, name, workspace, tmp_path):
    for each in ("open", "closed", "locked/a"):
        (workspace / each).parent.mkdir(exist_ok=True)
        (workspace / each).write_text(each)
    (workspace / "closed").chmod(0)
    (workspace / "locked").chmod(0)
    before = _WITHOUT_ROOT_S_WAY if os.geteuid() == 0 else None
    try:
        for _ in range(2):
            code, log = job.run(*snapshot_of(workspace), before=before)
            assert (code, job.said()["is_new"], job.said()["unread_count"]) == (0, True, 2)
            named = {"closed: permission denied", "locked: permission denied"}
            assert set(job.said()["unread"]) == named
            assert all(f"WARNING not in it: {each}\n" in log for each in named)
        takings = Takings(store.repository(name), workspace, tmp_path)
        assert takings.all()[0].tree == takings.all()[1].tree
        restored = takings.new_folder("restored")
        takings.repository.restore(takings.all()[1], restored)
        assert [each.name for each in restored.iterdir()] == ["open"]
    finally:
        (workspace / "locked").chmod(0o700)


def test_what_could_not_be_read_is_no_damage_when_it_is_verified(job, store, name, takings):
    for each in ("open", "closed"):
        (takings.workspace / each).write_text(each)
    (takings.workspace / "closed").chmod(0)
    before = _WITHOUT_ROOT_S_WAY if os.geteuid() == 0 else None
    assert job.run(*snapshot_of(takings.workspace), before=before)[0] == 0
    assert verify(takings.repository, takings.all()[0], takings.new_folder("verify")) == []


def _wrong_password(job: Job, workspace: Path) -> None:
    job.environment["RESTIC_PASSWORD"] = "another"


def _wrong_account(job: Job, workspace: Path) -> None:
    job.environment["RESTIC_REST_PASSWORD"] = "another"


def _somebody_else_s(job: Job, workspace: Path) -> None:
    there = job.environment["RESTIC_REPOSITORY"]
    job.environment["RESTIC_REPOSITORY"] = there.replace("/ada/", "/bob/")


def _no_repository(job: Job, workspace: Path) -> None:
    del job.environment["RESTIC_REPOSITORY"]


def _no_restic(job: Job, workspace: Path) -> None:
    job.environment["PATH"] = "/nowhere"


def _no_workspace(job: Job, workspace: Path) -> None:
    workspace.rmdir()


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (
            _wrong_password,
            "The password does not open the repository at {there}: it is that of another one, or "
            "was changed.",
        ),
        (
            _wrong_account,
            "The store at {there} does not accept the account: its name or password is wrong, or "
            "the repository is somebody else's.",
        ),
        (
            _somebody_else_s,
            "The store at {there} does not accept the account: its name or password is wrong, or "
            "the repository is somebody else's.",
        ),
        (_no_repository, "Please specify repository location (-r or --repository-file)."),
        (_no_restic, "restic: No such file or directory."),
        (_no_workspace, "{workspace}: No such file or directory."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(job, repository, workspace, trouble, sentence):
    trouble(job, workspace)
    code, log = job.run(*snapshot_of(workspace))
    there = job.environment.get("RESTIC_REPOSITORY")
    expected = sentence.format(there=there, workspace=workspace)
    assert (code, log) == (1, f"ERROR {expected}\n")
    assert job.report.read_text() == expected


def test_without_a_place_for_the_report_the_snapshot_counts(job, workspace):
    (workspace / "a").write_text("x")
    job.report = job.report / "no folder"
    code, log = job.run(*snapshot_of(workspace))
    assert code == 0
    assert f"WARNING no report was written to {job.report}: " in log


@pytest.fixture
def taken(takings) -> Callable[..., str]:
    """Take a snapshot so many hours after the first, and return its id."""

    def take(hours: float, occasion: Occasion = Occasion.LIVE) -> str:
        (takings.workspace / "a").write_text(f"{hours}")
        return takings.take(occasion, at=FIRST + timedelta(hours=hours)).snapshot

    return take


def test_tidy_keeps_what_retention_says_with_its_notes_and_makes_room(
    keeper, name, takings, taken, tmp_path
):
    final = taken(0, Occasion.FINAL)
    (takings.workspace / "large").write_bytes(os.urandom(2**20))
    taken(1)
    (takings.workspace / "large").unlink()
    day_before = taken(30)
    taken(50.2)
    hour_before = taken(50.5)
    newest = taken(51.1)
    job = Job(keeper.settings(name), tmp_path)
    before = size_of(keeper.folder(name))
    numbers = ("--within-days", 0, "--hourly", 2, "--daily", 2, "--weekly", 0, "--monthly", 0)
    code, log = job.run("tidy", *numbers, "--keep-tag", "final")
    assert (code, job.report.read_text()) == (0, "{}"), log
    assert [each.id for each in takings.all()] == [final, day_before, hour_before, newest]
    notes = takings.repository.snapshots("notes")
    assert [each.value("of=") for each in notes] == [final, day_before, hour_before, newest]
    assert size_of(keeper.folder(name)) < before - 2**20
    keeper.repository(name).check("100%")
    assert not taken_again(takings)


def taken_again(takings: Takings) -> bool:
    return takings.take().is_new


def size_of(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def test_nothing_can_be_removed_through_the_store_that_jobs_add_to(
    repository, keeper, name, takings, taken
):
    (takings.workspace / "large").write_bytes(os.urandom(2**20))
    taken(0)
    (takings.workspace / "large").unlink()
    taken(100)
    every = [each.id for each in repository.snapshots()]
    only_newest = Retention(0, 1, 0, 0, 0)
    with pytest.raises(BackupError, match=r"^2 snapshots that are not to be kept are still there"):
        repository.forget(only_newest)
    assert [each.id for each in repository.snapshots()] == every
    keeper.repository(name).forget(only_newest)
    assert len(repository.snapshots()) == 2
    before = size_of(keeper.folder(name) / "data")
    with pytest.raises(BackupError, match="append-only store lets nothing be removed"):
        repository.prune()
    assert size_of(keeper.folder(name) / "data") >= before
    repository.check("100%")
    keeper.repository(name).prune()
    repository.check("100%")
    assert size_of(keeper.folder(name) / "data") < before - 2**20


def test_a_last_snapshot_is_verified_and_damage_found_later_has_a_code_of_its_own(
    job, store, name, workspace
):
    (workspace / "a").write_bytes(os.urandom(2**20))
    assert job.run(*snapshot_of(workspace, "final"), "--verified")[0] == 0
    kept = job.said()["snapshot"]
    assert job.run("verify", "--part=100%", f"--expected={kept}")[0] == 0
    assert job.said() == {"snapshot": kept, "not_compared": False}
    packs = [each for each in (store.folder(name) / "data").rglob("*") if each.is_file()]
    max(packs, key=lambda each: each.stat().st_size).unlink()
    assert job.run("verify", "--part=1%")[0] == DAMAGED
    assert "is damaged" in job.report.read_text()
    (workspace / "b").write_text("more")
    assert job.run(*snapshot_of(workspace, "final"), "--verified")[0] == DAMAGED


def test_a_last_snapshot_that_is_damaged_does_not_stand_for_the_workspace(
    keeper, name, workspace, tmp_path
):
    (workspace / "a").write_bytes(os.urandom(2**20))
    job, last = Job(keeper.settings(name), tmp_path), ("--verified", "--occasion", "final")
    assert job.run("snapshot", workspace, *last)[0] == 0
    packs = [each for each in (keeper.folder(name) / "data").rglob("*") if each.is_file()]
    max(packs, key=lambda each: each.stat().st_size).unlink()
    repair = [str(program("restic")), "repair", "index"]
    subprocess.run(repair, env=job.environment, check=True, capture_output=True)
    code, log = job.run("snapshot", workspace, *last)
    assert code == 0, log
    assert job.said()["is_new"]
    assert "WARNING another one is taken: The repository at" in log
