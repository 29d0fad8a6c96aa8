from dataclasses import replace
from pathlib import Path

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.images import Files, Image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "images/tool").mkdir(parents=True)
    (tmp_path / "images/tool/Containerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    (tmp_path / "images/tool/start").write_text("#!/bin/sh\n")
    return tmp_path


@pytest.fixture
def image(root: Path) -> Image:
    return Image("tool", "2026.11", "images/tool/Containerfile", (Files(root, ("images/tool",)),))


def _in_another_run(image: Image) -> str:
    """Look at the sources anew, as another process would."""
    parent = replace(image.parent) if image.parent else None
    return replace(image, parent=parent).reference()


def test_within_a_run_a_changed_source_does_not_change_what_is_built(
    image: Image, root: Path
) -> None:
    before = image.reference()
    (root / "images/tool/start").write_text("changed")
    assert image.reference() == before


def test_a_reference_is_readable_and_never_points_at_a_real_registry(image: Image) -> None:
    assert image.reference() == f"gpucommons.local/tool:2026.11-{image.fingerprint()}"


def test_a_reference_stays_the_same_while_nothing_changes(image: Image, root: Path) -> None:
    before = image.reference()
    (root / "images/tool/start").touch()
    (root / "elsewhere").write_text("not part of the image")
    assert _in_another_run(image) == before


@pytest.mark.parametrize("name", ["images/tool/Containerfile", "images/tool/new"])
def test_a_changed_or_added_file_makes_a_new_reference(image: Image, root: Path, name: str) -> None:
    before = image.reference()
    (root / name).write_text("changed")
    assert _in_another_run(image) != before


def test_a_file_that_becomes_executable_makes_a_new_reference(image: Image, root: Path) -> None:
    before = image.reference()
    (root / "images/tool/start").chmod(0o755)
    assert _in_another_run(image) != before


def test_a_renamed_file_makes_a_new_reference(image: Image, root: Path) -> None:
    before = image.reference()
    (root / "images/tool/start").rename(root / "images/tool/begin")
    assert _in_another_run(image) != before


def test_another_build_argument_makes_a_new_reference(image: Image) -> None:
    assert replace(image, arguments={"VERSION": "1"}).reference() != image.reference()


def test_a_change_of_the_parent_makes_a_new_reference_of_the_child(
    image: Image, root: Path
) -> None:
    child = Image("child", "1", "Containerfile", (), parent=image)
    before = child.reference()
    (root / "images/tool/start").write_text("changed")
    assert _in_another_run(child) != before


def test_bytecode_of_a_source_does_not_count(image: Image, root: Path) -> None:
    before = image.reference()
    (root / "images/tool/__pycache__").mkdir()
    (root / "images/tool/__pycache__/start.pyc").write_bytes(b"\0")
    assert _in_another_run(image) == before


def test_parents_are_built_before_their_children(image: Image) -> None:
    child = Image("child", "1", "Containerfile", (), parent=image)
    grandchild = Image("grandchild", "1", "Containerfile", (), parent=child)
    assert grandchild.lineage() == [image, child, grandchild]


def test_files_keep_their_place_and_their_permissions_in_the_context(
    root: Path, tmp_path: Path
) -> None:
    (root / "images/tool/start").chmod(0o755)
    context = tmp_path / "context"
    Files(root, ("images/tool/start",)).place(context, tmp_path / "log")
    assert (context / "images/tool/start").stat().st_mode & 0o777 == 0o755
    assert not (context / "images/tool/Containerfile").exists()


def test_a_missing_file_is_named(root: Path) -> None:
    with pytest.raises(PlatformError, match="images/none is missing"):
        Files(root, ("images/none",)).identity()
