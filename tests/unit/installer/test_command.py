"""`gpucommons init`, as an engineer or a pipeline calls it."""

import hashlib
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from gpucommons_config.command import main
from gpucommons_contract.formats.yaml_files import read_document
from reference_pages.project import ROOT

from .samples import LEAST

OPTIONS = [word for key, value in LEAST.items() for word in (f"--{key.replace('_', '-')}", value)]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """What a clone is known by, as the current folder."""
    for file in ("cluster/idle-culler/kustomization.yaml", "helm-values/helmfile.yaml.gotmpl"):
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tmp_path / file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command without a terminal; answers exit code, output, and what was complained of."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["init", *map(str, arguments)])
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


def _files(folder: Path) -> dict[str, str]:
    return {
        str(each.relative_to(folder)): each.read_text()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_a_folder_is_written_and_says_what_to_do_next(run, clone):
    code, out, err = run("installation", *OPTIONS)
    assert (code, err) == (0, "")
    assert "written   jupyterhub.yaml\n" in out
    assert out.endswith("What to do next is in installation/README.md.\n")
    assert {"answers.yaml", ".written.json", "README.md"} <= _files(clone / "installation").keys()


def test_the_path_of_the_clone_is_found(run, clone):
    run("sites/here/now", *OPTIONS)
    file = clone / "sites" / "here" / "now" / "kustomization.yaml"
    assert read_document(file).value["resources"] == ["../../../cluster/idle-culler"]


def test_a_clone_that_is_not_there_is_named(run, clone, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    code, _, err = run("installation", *OPTIONS)
    assert code == 1
    assert "has no cluster/idle-culler/kustomization.yaml. Write the path of the clone" in err
    assert not Path("installation").exists()
    way = os.path.relpath(clone, Path("installation").resolve())
    code, _, _ = run("installation", *OPTIONS, "--clone", way)
    assert code == 0


def test_without_a_terminal_a_missing_answer_is_an_error_that_names_the_option(run, clone):
    code, out, err = run("installation", *OPTIONS[2:])
    assert (code, out) == (1, "")
    assert "--hub: it is missing; write a name in DNS, such as hub.example.org" in err
    assert not (clone / "installation").exists()


def test_a_program_gets_errors_and_files_as_json(run, clone):
    code, out, _ = run("installation", "--json")
    assert code == 1
    assert any(each.startswith("--hub: ") for each in json.loads(out)["problems"])
    code, out, _ = run("installation", "--json", *OPTIONS)
    assert code == 0
    assert "dex.yaml" in json.loads(out)["written"]


def test_a_folder_with_files_is_never_overwritten(run, clone):
    run("installation", *OPTIONS)
    before = _files(clone / "installation")
    code, _, err = run("installation", *OPTIONS)
    assert code == 1
    assert "installation has files in it, and nothing is overwritten" in err
    assert _files(clone / "installation") == before


def test_a_run_can_be_repeated_from_the_file_of_answers(run, clone):
    run("one", *OPTIONS, "--answers", "mine.yaml", "--whole-gpus", "7")
    assert read_document(clone / "mine.yaml").value["whole_gpus"] == 7
    code, _, _ = run("two", "--answers", "mine.yaml")
    assert code == 0
    assert _files(clone / "one") == _files(clone / "two")


def test_a_file_of_answers_that_says_it_all_is_left_as_it_is(run, clone):
    run("one", *OPTIONS, "--answers", "mine.yaml")
    text = (clone / "mine.yaml").read_text() + "# remember to ask about storage\n"
    (clone / "mine.yaml").write_text(text)
    run("two", "--answers", "mine.yaml")
    assert (clone / "mine.yaml").read_text() == text


def test_answers_prepared_in_the_folder_are_read(run, clone):
    (clone / "installation").mkdir()
    lines = [f"{key}: {value}\n" for key, value in LEAST.items()]
    (clone / "installation" / "answers.yaml").write_text("".join(lines))
    code, _, err = run("installation")
    assert (code, err) == (0, "")
    assert read_document(clone / "installation" / "answers.yaml").value["dex"] == "dex.example.org"


def test_an_update_writes_what_nobody_changed_and_shows_the_rest(run, clone):
    run("installation", *OPTIONS)
    folder = clone / "installation"
    mine = (folder / "dex.yaml").read_text() + "# ours\n"
    (folder / "dex.yaml").write_text(mine)
    answers = (folder / "answers.yaml").read_text()
    (folder / "answers.yaml").write_text(answers.replace("hub.example.org", "gpu.example.org"))
    code, out, err = run("installation", "--update")
    assert (code, err) == (0, "")
    assert "left      dex.yaml: it was changed by hand" in out
    assert "-  hub_url: https://hub.example.org\n+  hub_url: https://gpu.example.org" in out
    assert "-      redirectURIs: [https://hub.example.org/hub/oauth_callback]" in out
    assert (folder / "dex.yaml").read_text() == mine
    assert "gpu.example.org" in (folder / "jupyterhub.yaml").read_text()
    code, out, _ = run("installation", "--update")
    assert "left      dex.yaml: it was changed by hand" in out
    assert "already matches these answers; no file was written" in out


def test_an_update_of_an_older_folder_takes_the_queue_of_the_clone(run, clone):
    run("installation", *OPTIONS)
    folder = clone / "installation"
    # Before, the folder had a queue of its own, and nobody asked for one.
    answers = folder / "answers.yaml"
    asked = ("queue:", "api_port:")
    kept = [each for each in answers.read_text().splitlines(True) if not each.startswith(asked)]
    answers.write_text("".join(kept))
    made = folder / "queue" / "kustomization.yaml"
    new, old = made.read_text(), "resources: [queue.yaml]\n"
    made.write_text(old)
    listed = json.loads((folder / ".written.json").read_text())
    listed["files"]["queue/kustomization.yaml"] = hashlib.sha256(old.encode()).hexdigest()
    (folder / ".written.json").write_text(json.dumps(listed))
    code, out, err = run("installation", "--update")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "written   queue/kustomization.yaml"
    assert made.read_text() == new
    assert read_document(made).value["resources"] == ["../../cluster/queue"]
    assert read_document(answers).value["queue"] == "kueue"


def test_an_update_takes_options_and_names_what_is_no_longer_needed(run, clone):
    run("installation", *OPTIONS, "--identity-provider", "oidc", "--oidc-issuer", "https://a.b")
    code, out, err = run(
        *("installation", "--update", "--identity-provider", "none"),
        *("--database", "given", "--database-address", "db.example.org"),
    )
    assert (code, err) == (0, "")
    assert "unneeded  database/storage.yaml: these answers have no use for it" in out
    assert (clone / "installation" / "database" / "storage.yaml").exists()
    assert "connectors: []" in (clone / "installation" / "dex.yaml").read_text()
    kept = read_document(clone / "installation" / "answers.yaml").value
    assert kept["database_address"] == "db.example.org"
    assert "oidc_issuer" not in kept


def test_a_refused_update_changes_nothing(run, clone):
    run("installation", *OPTIONS)
    before = _files(clone / "installation")
    code, _, err = run("installation", "--update", "--dex", "hub.example.org")
    assert code == 1
    assert "Dex needs another name" in err
    assert _files(clone / "installation") == before


def test_an_update_of_a_folder_of_somebody_else_is_refused(run, clone):
    (clone / "installation").mkdir()
    (clone / "installation" / "jupyterhub.yaml").write_text("mine: true\n")
    code, _, err = run("installation", "--update", *OPTIONS)
    assert code == 1
    assert "Name a folder that gpucommons init wrote" in err


# At a terminal


_END = "\x04"
"""Control-D."""


@pytest.fixture
def at_terminal(clone, monkeypatch, capsys):
    """Run the command at a real terminal, where somebody types these lines."""

    def run(*typed: str, options=()) -> tuple[int, str]:
        ours, theirs = os.openpty()
        try:
            os.write(ours, "".join(f"{each}\n" for each in typed).encode())
            with open(theirs, closefd=False) as terminal:
                monkeypatch.setattr("sys.stdin", terminal)
                code = main(["init", "installation", *options])
        finally:
            os.close(theirs)
            os.close(ours)
        return code, capsys.readouterr().err

    return run


def test_a_terminal_asks_for_what_no_option_says_and_again_after_a_mistake(at_terminal, clone):
    usual = [""] * 40
    code, asked = at_terminal(
        "", "hub.example.org.", "hub.example.org", *usual, _END, options=OPTIONS[2:]
    )
    assert code == 0
    assert "ends with a dot; leave that out" in asked
    assert "dex [dex.example.org]: " in asked
    assert "registry" not in [line.partition(" ")[0] for line in asked.splitlines()]
    kept = read_document(clone / "installation" / "answers.yaml").value
    assert (kept["hub"], kept["dex"]) == ("hub.example.org", "dex.example.org")


@pytest.mark.parametrize("wrong", [["--dex", "hub..org"], ["--issuer", "campus"]])
def test_an_option_that_cannot_be_is_told_before_the_rest_is_asked(at_terminal, clone, wrong):
    code, told = at_terminal("", "hub.example.org", "", "public", "", _END, options=wrong)
    assert code == 1
    assert f"  {wrong[0]}: " in told
    assert "identity_provider" not in told


def test_who_ends_the_input_has_written_nothing(at_terminal, clone):
    code, told = at_terminal("prod", _END)
    assert code == 1
    assert "Nothing was written: the answers ended before the questions." in told
    assert not (clone / "installation").exists()
