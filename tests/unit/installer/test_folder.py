"""A folder is written as a whole or not at all, and what people changed in it stays."""

import os
from pathlib import Path, PurePosixPath

import pytest
from gpucommons_installer import InstallerError
from gpucommons_installer.folder import Written, content, hash_of, is_new, list_of, write, written
from gpucommons_installer.update import compare


def _paths(**texts: str) -> dict[PurePosixPath, str]:
    return {PurePosixPath(name.replace("__", "/") + ".yaml"): text for name, text in texts.items()}


def _everything(folder: Path) -> dict[str, str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_text() for each in files}


def test_a_new_folder_has_all_files_and_nothing_is_left_beside_it(tmp_path):
    write(tmp_path / "a" / "new", _paths(hub="1", queue__queue="2"))
    assert _everything(tmp_path / "a") == {"new/hub.yaml": "1", "new/queue/queue.yaml": "2"}
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["new"]


@pytest.mark.parametrize("stops_at", [0, 1, 2])
def test_when_a_file_cannot_be_moved_all_is_as_it_was(tmp_path, monkeypatch, stops_at):
    folder = tmp_path / "installation"
    write(folder, _paths(a="old", b="old"))
    moves = []
    replace = Path.replace

    def full(self, target):
        if "new" in self.parts[-4:] and "before" not in self.parts:
            moves.append(self)
            if len(moves) > stops_at:
                raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InstallerError, match=r"No space left on device\. Nothing was written"):
        write(folder, _paths(a="new", b="new", queue__c="new"))
    assert _everything(tmp_path) == {"installation/a.yaml": "old", "installation/b.yaml": "old"}
    assert not (folder / "queue").exists()
    assert len(moves) == stops_at + 1


def test_when_a_file_cannot_be_written_there_is_no_folder(tmp_path):
    folder = tmp_path / "installation"
    with pytest.raises(InstallerError, match="File name too long"):
        write(folder, _paths(a="1") | {PurePosixPath("b" * 300): "2"})
    assert not list(tmp_path.iterdir())


def test_a_folder_within_a_file_is_refused_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InstallerError, match="Nothing was written"):
        write(tmp_path / "file" / "installation", _paths(a="1"))
    with pytest.raises(InstallerError, match="is a file; name a folder"):
        is_new(tmp_path / "file")


def test_a_folder_with_git_and_answers_is_new_and_one_with_a_file_is_not(tmp_path):
    assert is_new(tmp_path / "none")
    assert is_new(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "answers.yaml").touch()
    assert is_new(tmp_path)
    (tmp_path / "notes.md").touch()
    assert not is_new(tmp_path)


def test_the_list_of_what_was_written_is_read_as_it_was(tmp_path):
    known = Written("1.2.3", {PurePosixPath("a/b.yaml"): hash_of("1")})
    (tmp_path / ".written.json").write_text(list_of(known))
    assert written(tmp_path) == known


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": []}', '{"files": null}'])
def test_a_broken_list_is_no_reason_to_overwrite(tmp_path, text):
    (tmp_path / ".written.json").write_text(text)
    with pytest.raises(InstallerError, match="cannot be read"):
        written(tmp_path)


def test_a_folder_that_we_did_not_write_is_not_updated(tmp_path):
    with pytest.raises(InstallerError, match="Name a folder that gpucommons init wrote"):
        written(tmp_path)


def test_each_file_is_judged_by_what_became_of_it():
    known = {
        PurePosixPath(f"{name}.yaml"): hash_of("old")
        for name in ("plain", "same", "edited", "edited_alike", "deleted", "unneeded", "gone")
    }
    now = _paths(
        plain="old",
        same="new",
        edited="mine",
        edited_alike="new",
        unneeded="old",
        foreign="mine",
    )
    rendered = _paths(
        plain="new",
        same="new",
        edited="new",
        edited_alike="new",
        deleted="new",
        foreign="new",
        fresh="new",
    )
    found = compare(rendered, known, now.get)
    assert found.write == _paths(plain="new", fresh="new")
    assert {str(file): why for file, why in found.left.items()} == {
        "edited.yaml": "it was changed by hand",
        "deleted.yaml": "it was deleted by hand",
        "foreign.yaml": "it was there before",
    }
    assert [str(each) for each in found.unneeded] == ["unneeded.yaml"]
    assert [str(each) for each in found.same] == ["same.yaml", "edited_alike.yaml"]
    assert found.hashes[PurePosixPath("edited.yaml")] == hash_of("old")
    assert "-mine\n+new" in found.differences[PurePosixPath("edited.yaml")]


def test_a_file_that_cannot_be_read_stops_the_update(tmp_path):
    (tmp_path / "a.yaml").mkdir()
    with pytest.raises(InstallerError, match="Is a directory"):
        content(tmp_path, PurePosixPath("a.yaml"))


def test_files_are_readable_by_others_as_files_of_git_are(tmp_path):
    before = os.umask(0o022)
    try:
        write(tmp_path / "new", _paths(a="1"))
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "new" / "a.yaml").stat().st_mode & 0o777 == 0o644
