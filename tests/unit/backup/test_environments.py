"""Packages of environments are listed as those who install them read such lists."""

import json
import os
from pathlib import Path

import pytest
from gpucommons_backup.workspace.environments import file_name, package_list

PACKAGES = "lib/python3.12/site-packages"


def installed(environment: Path, folder: str, metadata: str, **origin: object) -> None:
    path = environment / PACKAGES / folder
    path.mkdir(parents=True)
    (path / "METADATA").write_text(metadata)
    if origin:
        (path / "direct_url.json").write_text(json.dumps(origin))


def test_packages_of_pip_are_listed_by_name_with_their_versions(tmp_path):
    installed(tmp_path, "torch-2.9.dist-info", "Name: torch\nVersion: 2.9.0+cu128\n\nText\n")
    installed(tmp_path, "numpy-2.1.dist-info", "Metadata-Version: 2.4\nName: numpy\nVersion: 2.1\n")
    assert package_list(tmp_path) == "numpy==2.1\ntorch==2.9.0+cu128\n"


def test_a_package_from_elsewhere_says_where(tmp_path):
    url = "https://example.org/a.git"
    installed(
        *(tmp_path, "a-1.dist-info", "Name: a\nVersion: 1\n"),
        url=url,
        vcs_info={"vcs": "git", "commit_id": "abc"},
    )
    installed(tmp_path, "b-1.dist-info", "Name: b\nVersion: 1\n", url="file:///w/b", dir_info={})
    assert package_list(tmp_path) == f"a @ git+{url}@abc\nb @ file:///w/b\n"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"url": 1, "vcs_info": []}', '"a"'])
def test_an_origin_that_is_no_origin_leaves_the_version(tmp_path, text):
    installed(tmp_path, "a-1.dist-info", "Name: a\nVersion: 1\n")
    (tmp_path / PACKAGES / "a-1.dist-info/direct_url.json").write_text(text)
    found = package_list(tmp_path)
    assert found is not None
    assert found.startswith("a")


def test_what_is_half_installed_is_passed_over(tmp_path):
    (tmp_path / PACKAGES / "a-1.dist-info").mkdir(parents=True)
    installed(tmp_path, "b-1.dist-info", "Nothing here\n")
    installed(tmp_path, "c-1.dist-info", "Name: c\nVersion: 1\n")
    assert package_list(tmp_path) == "c==1\n"


def test_packages_of_conda_are_listed_by_their_addresses(tmp_path):
    folder = tmp_path / "conda-meta"
    folder.mkdir()
    url = "https://example.org/numpy-2.1-0.conda"
    (folder / "numpy.json").write_text(json.dumps({"url": url, "md5": "12"}))
    (folder / "b.json").write_text(json.dumps({"url": "https://example.org/b-1-0.conda"}))
    for name, text in {"broken": "{", "list": "[]", "none": "{}"}.items():
        (folder / f"{name}.json").write_text(text)
    (folder / "history").write_text("")
    assert package_list(tmp_path) == f"@EXPLICIT\nhttps://example.org/b-1-0.conda\n{url}#12\n"


def _pipe(file: Path) -> None:
    os.mkfifo(file)


def _endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _large(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(5 * 2**20)


def _of_somebody_else(file: Path) -> None:
    outside = file.parents[5] / "outside"
    outside.write_text('{"url": "https://example.org/secret"}\nName: secret\nVersion: 1\n')
    file.symlink_to(outside)


def _nested(file: Path) -> None:
    file.write_text("[" * 200_000)


_TRICKS = (_pipe, _endless, _large, _of_somebody_else, _nested)


@pytest.mark.parametrize("put", _TRICKS)
def test_what_is_no_small_file_of_the_environment_is_not_read(tmp_path, put):
    environment = tmp_path / "env"
    installed(environment, "a-1.dist-info", "Name: a\nVersion: 1\n")
    put(environment / PACKAGES / "a-1.dist-info/direct_url.json")
    (environment / PACKAGES / "b-1.dist-info").mkdir()
    put(environment / PACKAGES / "b-1.dist-info/METADATA")
    assert package_list(environment) == "a==1\n"


def test_a_folder_by_a_link_out_of_the_environment_is_not_read(tmp_path):
    installed(tmp_path / "other", "a-1.dist-info", "Name: a\nVersion: 1\n")
    (tmp_path / "env").mkdir()
    (tmp_path / "env/lib").symlink_to(tmp_path / "other/lib")
    assert package_list(tmp_path / "env") is None


@pytest.mark.parametrize("put", _TRICKS)
def test_what_is_none_of_conda_s_files_is_not_read(tmp_path, put):
    folder = tmp_path / "1/2/3/4/env/conda-meta"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps({"url": "https://example.org/a-1-0.conda"}))
    put(folder / "b.json")
    assert package_list(folder.parent) == "@EXPLICIT\nhttps://example.org/a-1-0.conda\n"


@pytest.mark.parametrize("url", ["\ud800", "https://example.org/a\nhttps://example.org/b"])
def test_an_address_that_cannot_be_a_line_is_not_listed(tmp_path, url):
    installed(tmp_path, "a-1.dist-info", "Name: a\nVersion: 1\n", url=url)
    assert package_list(tmp_path) == "a==1\n"
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/a.json").write_text(json.dumps({"url": url}))
    assert package_list(tmp_path) is None


def test_no_environment_has_no_list(tmp_path):
    assert package_list(tmp_path) is None
    assert package_list(tmp_path / "gone") is None


def test_a_list_is_named_after_its_environment():
    assert file_name(b"p/100%/.venv") == "p%2F100%25%2F.venv.txt"
    assert file_name(b"") == ".txt"


def test_long_paths_have_names_that_differ_and_fit():
    names = {file_name(b"d/" * 300 + each) for each in (b"a", b"b")}
    assert len(names) == 2
    assert max(map(len, names)) <= 255
