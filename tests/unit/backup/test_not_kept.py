"""What is left out, and why: only what can be made again, and what people do not want kept."""

import json
import os
from pathlib import Path

import pytest
from gpucommons_backup.workspace import LeftOut, Reason, Survey
from gpucommons_backup.workspace.excludes import LARGEST, Excludes
from gpucommons_backup.workspace.not_kept import CACHE_SIGNATURE, LARGE, exclude_file


def make(root: Path, *paths: str) -> None:
    """Make files; a path that ends with a slash is a folder."""
    for each in paths:
        path = root / each
        path.parent.mkdir(parents=True, exist_ok=True)
        if each.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(each)


def kept(root: Path) -> set[str]:
    return {os.fsdecode(each.path) for each in Survey(root).lines()}


def left_out(root: Path) -> dict[str, Reason]:
    survey = Survey(root)
    list(survey.lines())
    return {os.fsdecode(each.path): each.reason for each in survey.left_out}


def test_an_environment_that_is_a_project_s_own_folder_costs_the_project_nothing(tmp_path):
    own = {"bin/train.sh", "train.py", "lib/model.py", "lib/python3/a.py", "lib/python_tools/b.py"}
    own |= {"include/k.cuh", "include/site/own.h", "lib64/c.py", "python3.12/d.py", "pkgs/urls.txt"}
    make(tmp_path, "p/pyvenv.cfg", *(f"p/{each}" for each in own))
    make(tmp_path, "p/lib/python3.12/site-packages/x.py", "p/lib/pypy3.10/y.py")
    make(tmp_path, "p/include/python3.13t/x.h", "p/include/site/python3.12/y.h")
    installed = {"lib/python3.12", "lib/pypy3.10", "include/python3.13t", "include/site/python3.12"}
    expected = {f"p/{each}": Reason.ENVIRONMENT for each in installed}
    survey = Survey(tmp_path)
    found = {each.path.decode() for each in survey.lines()}
    assert {each.path.decode(): each.reason for each in survey.left_out} == expected
    assert {f"p/{each}" for each in own} <= found
    assert survey.environments == [b"p"]


def test_a_link_between_folders_of_an_environment_is_kept(tmp_path):
    make(tmp_path, "p/pyvenv.cfg", "p/lib/python3.12/x.py")
    (tmp_path / "p/lib64").symlink_to("lib")
    assert "p/lib64" in kept(tmp_path)


def test_what_lies_as_in_an_environment_and_is_in_none_is_kept(tmp_path):
    make(tmp_path, "p/lib/python3.12/a.py", "include/python3.12/b.h", "p/pkgs/urls.txt")
    assert left_out(tmp_path) == {}


def test_a_home_that_is_an_environment_keeps_all_but_packages(tmp_path):
    make(tmp_path, "pyvenv.cfg", "lib/python3.12/x.py", "lib/a.py", "bin/mine", "work/a.py")
    assert left_out(tmp_path) == {"lib/python3.12": Reason.ENVIRONMENT}
    assert {"pyvenv.cfg", "lib/a.py", "bin/mine", "work/a.py"} <= kept(tmp_path)


def conda(environment: Path, *files: str, size: int = LARGE) -> None:
    """Install files of this size, and say so as conda does."""
    make(environment, "conda-meta/history")
    (environment / "conda-meta/cuda.json").write_text(json.dumps({"files": files}))
    for each in files:
        large(environment / each, size)


def large(file: Path, size: int = LARGE) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        opened.truncate(size)


def test_an_environment_of_conda_leaves_out_what_conda_says_is_its_own(tmp_path):
    own = {"bin/train.sh", "share/plot.py", "lib/model.py", "include/k.cuh", "notes.txt"}
    make(tmp_path, *(f"env/{each}" for each in own))
    make(tmp_path, "env/lib/python3.12/site-packages/x.py", "env/pkgs/urls.txt", "env/pkgs/a/b")
    conda(tmp_path / "env", "lib/libcublas.so.12", "bin/ptxas")
    large(tmp_path / "env/lib/weights.bin")
    survey = Survey(tmp_path)
    found = {each.path.decode() for each in survey.lines()}
    assert {each.path.decode() for each in survey.left_out} == {
        *("env/lib/python3.12", "env/pkgs", "env/lib/libcublas.so.12", "env/bin/ptxas")
    }
    assert {each.reason for each in survey.left_out} == {Reason.ENVIRONMENT}
    assert {f"env/{each}" for each in (*own, "lib/weights.bin", "conda-meta/cuda.json")} <= found
    assert survey.environments == [b"env"]


def test_a_small_file_of_conda_s_is_kept_as_a_pattern_for_each_would_take_too_long(tmp_path):
    conda(tmp_path / "env", "share/a", size=LARGE - 1)
    assert left_out(tmp_path) == {}


def test_environments_of_conda_in_one_another_have_lists_of_their_own(tmp_path):
    conda(tmp_path / "base", "bin/a", "lib/z")
    conda(tmp_path / "base/envs/x", "lib/b")
    large(tmp_path / "base/envs/x/bin/a")
    assert set(left_out(tmp_path)) == {"base/bin/a", "base/lib/z", "base/envs/x/lib/b"}


def test_a_pkgs_folder_of_a_person_s_own_is_kept(tmp_path):
    make(tmp_path, "env/conda-meta/history", "env/pkgs/mine.py")
    assert left_out(tmp_path) == {}


def test_a_home_that_is_an_environment_of_conda_is_kept_as_it_is(tmp_path):
    make(tmp_path, "bin/mine", "share/mine", "lib/python3.12/mine")
    conda(tmp_path, "lib/a")
    assert left_out(tmp_path) == {}
    assert {"bin/mine", "share/mine", "lib/python3.12/mine", "lib/a"} <= kept(tmp_path)


def test_a_marked_folder_keeps_the_mark_alone_and_is_named_once(tmp_path):
    make(tmp_path, "d/.nobackup", "d/a", "d/b/c", "d/b/.nobackup", "e/x")
    assert kept(tmp_path) == {"d", "d/.nobackup", "e", "e/x"}
    survey = Survey(tmp_path)
    list(survey.lines())
    assert survey.left_out == [LeftOut(b"d", Reason.MARKED, size=21, files=3)]


def test_a_mark_at_home_leaves_out_all(tmp_path):
    make(tmp_path, ".nobackup", "a", "b/c")
    assert kept(tmp_path) == {".nobackup"}
    assert left_out(tmp_path) == {"": Reason.MARKED}


def test_a_mark_with_nothing_beside_it_leaves_nothing_out(tmp_path):
    make(tmp_path, "d/.nobackup")
    assert (left_out(tmp_path), kept(tmp_path)) == ({}, {"d", "d/.nobackup"})


def test_a_folder_of_the_mark_s_name_is_a_folder(tmp_path):
    make(tmp_path, "d/.nobackup/a", "d/b")
    assert kept(tmp_path) == {"d", "d/.nobackup", "d/.nobackup/a", "d/b"}


def test_caches_are_left_out_by_their_tag_their_name_and_their_place(tmp_path):
    make(tmp_path, "tagged/a", "p/__pycache__/x.pyc", "p/node_modules/x/", ".cache/x")
    (tmp_path / "tagged/CACHEDIR.TAG").write_bytes(CACHE_SIGNATURE + b"\n# a cache")
    make(tmp_path, ".npm/_cacache/x", ".conda/pkgs/x", "p/.cache/mine")
    assert set(left_out(tmp_path).values()) == {Reason.CACHE}
    assert kept(tmp_path) == {"p", "p/.cache", "p/.cache/mine", ".npm", ".conda"}


def test_a_home_with_a_cache_s_tag_is_no_cache(tmp_path):
    make(tmp_path, "a")
    (tmp_path / "CACHEDIR.TAG").write_bytes(CACHE_SIGNATURE)
    assert kept(tmp_path) == {"CACHEDIR.TAG", "a"}


def test_a_tag_that_is_none_makes_no_cache(tmp_path):
    make(tmp_path, "folder/CACHEDIR.TAG/a", "other/CACHEDIR.TAG", "link/a", "pipe/a")
    (tmp_path / "real").write_bytes(CACHE_SIGNATURE)
    (tmp_path / "link/CACHEDIR.TAG").symlink_to("../real")
    os.mkfifo(tmp_path / "pipe/CACHEDIR.TAG")
    assert left_out(tmp_path) == {}


def test_files_and_links_with_a_cache_s_name_are_kept(tmp_path):
    make(tmp_path, "a/__pycache__", "b/")
    (tmp_path / "b/node_modules").symlink_to("/elsewhere")
    assert left_out(tmp_path) == {}


def test_the_trash_is_left_out_and_a_folder_called_so_is_not(tmp_path):
    make(tmp_path, ".local/share/Trash/files/a", "Trash/b", "p/.local/share/Trash/c")
    assert left_out(tmp_path) == {".local/share/Trash": Reason.TRASH}
    assert {"Trash/b", "p/.local/share/Trash/c"} <= kept(tmp_path)


def test_what_a_killed_restore_has_left_is_left_out_at_home_alone(tmp_path):
    names = (".gpucommons-restoring", ".gpucommons-putting-back-0123-abc")
    make(tmp_path, *(f"{name}/a" for name in names), *(f"p/{name}/b" for name in names))
    assert left_out(tmp_path) == dict.fromkeys(names, Reason.UNFINISHED)
    assert {f"p/{name}/b" for name in names} <= kept(tmp_path)


def test_databases_of_jupyter_and_ipython_are_left_out_and_a_person_s_own_are_kept(tmp_path):
    make(tmp_path, ".ipython/profile_default/history.sqlite", "data/results.sqlite")
    make(tmp_path, ".ipython/profile_default/history.sqlite-journal")
    make(tmp_path, ".local/share/jupyter/nbsignatures.db", ".local/share/jupyter/kernels/k.json")
    assert left_out(tmp_path) == {
        ".ipython/profile_default/history.sqlite": Reason.DATABASE,
        ".ipython/profile_default/history.sqlite-journal": Reason.DATABASE,
        ".local/share/jupyter/nbsignatures.db": Reason.DATABASE,
    }


def test_a_file_is_too_large_from_one_byte_above_the_limit(tmp_path):
    for name, size in (("fits", LARGEST), ("large", LARGEST + 1)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)  # a hole, which takes no room
    survey = Survey(tmp_path)
    assert [each.path for each in survey.lines()] == [b"fits"]
    assert survey.left_out == [LeftOut(b"large", Reason.TOO_LARGE, LARGEST + 1, 1)]


def test_what_is_left_out_has_its_size_and_the_number_of_its_files(tmp_path):
    make(tmp_path, "__pycache__/a", "__pycache__/b/c")
    survey = Survey(tmp_path)
    list(survey.lines())
    assert survey.left_out == [LeftOut(b"__pycache__", Reason.CACHE, size=28, files=2)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (b"plain-1.5_x", b"/w/plain-1.5_x/"),
        (b"[v1]*?", rb"/w/[[]v1\][*][?]/"),
        (b"$HOME ${x}", b"/w/$$HOME[ ]$$[{]x[}]/"),
        (b"back\\slash^", rb"/w/back\\slash\^/"),
        (b"blank ", b"/w/blank[ ]/"),
        ("모델\u3000".encode(), "/w/모델\u3000/".encode()),
        (b"caf\xe9", b"/w/caf\xe9/"),
        (b"a\nb", "/w/a[^\1-\x09\x0b-\U0010ffff]b/".encode()),
        (b"a\rb", "/w/a[^\1-\x0c\x0e-\U0010ffff]b/".encode()),
    ],
)
def test_a_pattern_fits_one_path(name, line):
    assert exclude_file(b"/w", [LeftOut(name, Reason.CACHE)], Excludes()) == line + b"\n"


def test_the_pattern_of_a_marked_folder_spares_the_mark():
    said = [LeftOut(b"d e", Reason.MARKED), LeftOut(b"", Reason.MARKED)]
    lines = b"/w/d[ ]e/*\n!/w/d[ ]e/.nobackup\n/w/*\n!/w/.nobackup\n"
    assert exclude_file(b"/w/", said, Excludes()) == lines


def test_what_administrators_leave_out_is_one_pattern_for_each_name():
    said = [LeftOut(b"a/wandb", Reason.CHOSEN), LeftOut(b"b/wandb", Reason.CHOSEN)]
    lines = exclude_file(b"/w", said, Excludes(["wandb", "*.c[k]pt"]))
    assert lines == b"/w/**/wandb/\n/w/**/*.c[[]k\\]pt/\n"


def test_what_administrators_leave_out_is_named_by_its_whole_name(tmp_path):
    make(tmp_path, "wandb/run", "wandb2", "a/wandb", "a/b.ckpt", "a/b.ckpt2", "a/.ckpt/x", "a.b")
    (tmp_path / "a/link.ckpt").symlink_to("x")
    survey = Survey(tmp_path, Excludes(["wandb", "*.ckpt"], largest=4))
    assert {os.fsdecode(each.path) for each in survey.lines()} == {"a", "a.b"}
    found = {os.fsdecode(each.path): each.reason for each in survey.left_out}
    assert {path for path, reason in found.items() if reason is Reason.CHOSEN} == {
        *("wandb", "a/wandb", "a/b.ckpt", "a/.ckpt", "a/link.ckpt")
    }
    assert {path for path, reason in found.items() if reason is Reason.TOO_LARGE} == {
        *("wandb2", "a/b.ckpt2")
    }
