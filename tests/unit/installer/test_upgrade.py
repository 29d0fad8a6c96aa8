"""`gpucommons init --update` on a folder that an earlier release wrote.

`earlier_installation` is such a folder, as the templates were before the queue was the clone's own
and before a folder noted who wrote it.
"""

import io
import json
import shutil
from pathlib import Path

import pytest
from gpucommons_config.command import main
from gpucommons_contract.formats.yaml_files import read_document
from gpucommons_installer import initialization
from reference_pages.project import ROOT

_EARLIER = Path(__file__).parent / "earlier_installation"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with the earlier folder in it, as the current folder."""
    for file in ("cluster/idle-culler/kustomization.yaml", "helm-values/helmfile.yaml.gotmpl"):
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tmp_path / file)
    shutil.copytree(_EARLIER, tmp_path / "installation")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(clone):
    return clone / "installation"


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the program without a terminal; returns exit code, output, and what was complained of."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


@pytest.fixture
def at_release(monkeypatch):
    """Let another release run."""

    def at_release(release: str) -> None:
        monkeypatch.setattr(initialization, "version", lambda _package: release)

    return at_release


def _files(folder: Path) -> dict[str, str]:
    return {
        str(each.relative_to(folder)): each.read_text()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_a_dry_run_says_what_would_change_and_changes_nothing(run, folder):
    before = _files(folder)
    code, out, err = run("init", "installation", "--update", "--dry-run")
    assert (code, err) == (0, "")
    assert "answer    queue: kueue (new; change it in installation/answers.yaml)\n" in out
    assert "answer    api_port: 6443 (new; change it in installation/answers.yaml)\n" in out
    assert "-resources: [queue.yaml]\n" in out
    assert "written   queue/kustomization.yaml (not yet)\n" in out
    assert out.endswith("Nothing was written.\n")
    assert _files(folder) == before


def test_a_dry_run_of_a_new_folder_makes_none(run, clone):
    answers = str(_EARLIER / "answers.yaml")
    shutil.copy(answers, clone / "mine.yaml")
    code, out, _ = run("init", "new", "--dry-run", "--answers", "mine.yaml")
    assert (code, out.splitlines()[-1]) == (0, "Nothing was written.")
    assert not (clone / "new").exists()
    assert (clone / "mine.yaml").read_text() == (_EARLIER / "answers.yaml").read_text()


def test_an_upgrade_keeps_what_was_changed_by_hand(run, folder):
    mine = (folder / "catalogue.yaml").read_text() + "# ours\n"
    (folder / "catalogue.yaml").write_text(mine)
    code, out, err = run("init", "installation", "--update")
    assert (code, err) == (0, "")
    assert "left      catalogue.yaml: it was changed by hand" in out
    assert (folder / "catalogue.yaml").read_text() == mine
    queue = read_document(folder / "queue" / "kustomization.yaml").value
    assert queue["resources"] == ["../../cluster/queue"]
    assert read_document(folder / "answers.yaml").value["queue"] == "kueue"
    code, out, _ = run("init", "installation", "--update")
    assert "already matches these answers; no file was written" in out
    assert "(new;" not in out


def test_a_folder_notes_the_release_that_wrote_it(run, folder, at_release):
    at_release("0.2.0")
    run("init", "installation", "--update")
    assert json.loads((folder / ".written.json").read_text())["release"] == "0.2.0"
    at_release("0.10.0")
    _, out, _ = run("init", "installation", "--update", "--dry-run")
    assert "release   0.2.0, now 0.10.0\n" in out
    _, out, _ = run("init", "installation", "--update", "--json")
    said = json.loads(out)
    assert (said["release_before"], said["release"], said["new_answers"]) == ("0.2.0", "0.10.0", {})
    assert json.loads((folder / ".written.json").read_text())["release"] == "0.10.0"


def test_an_older_release_writes_nothing(run, folder, at_release):
    at_release("0.10.0")
    run("init", "installation", "--update")
    before = _files(folder)
    at_release("0.9.1")
    code, _, err = run("init", "installation", "--update", "--team-name", "Vision")
    assert code == 1
    assert err.startswith("GPU Commons 0.10.0 wrote this folder, and 0.9.1 is older.")
    assert _files(folder) == before
    at_release("0.10.0rc1")
    assert run("init", "installation", "--update")[0] == 0


def test_keys_of_the_catalogue_that_were_renamed_are_named_with_their_place(run, folder):
    text = (folder / "catalogue.yaml").read_text()
    text = text.replace("    memory: 2Gi\n", "    memory: 2Gi\n    longest: 8h\n", 1)
    text = text.replace("stop_after: 2h,", "stop_after: 2h, ending: stop,", 1)
    (folder / "catalogue.yaml").write_text(text)
    run("init", "installation", "--update")
    code, _, err = run("catalogue", "check", "installation/catalogue.yaml")
    assert code == 1
    for old, new in (("longest", "max_duration"), ("ending", "action")):
        (line,) = [n for n, each in enumerate(text.splitlines(), 1) if f"{old}:" in each]
        (said,) = [each for each in err.splitlines() if f"write {new}" in each]
        assert said.startswith(f"installation/catalogue.yaml:{line}:")
        assert "this key was renamed" in said
