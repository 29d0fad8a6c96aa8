"""Real builds with buildah, of images that hold one file."""

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.images import Files, Image, archives, build, find_built, plan, stage
from gpucommons_local.images.storage import opened

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not (shutil.which("buildah") and shutil.which("debootstrap")),
    reason="needs root, buildah and debootstrap",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/gpucommons/images"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "build.log"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Image]:
    """Give a function that writes a Containerfile and describes its image."""

    def write(name: str, text: str, parent: Image | None = None) -> Image:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "Containerfile").write_text(text)
        return Image(name, "1", "Containerfile", (Files(folder, ("Containerfile",)),), parent)

    return write


def names_in(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        return [tag for image in json.load(manifest) for tag in image["RepoTags"]]


def files_in(archive: Path) -> set[str]:
    found = set()
    with tarfile.open(archive) as tar:
        for name in tar.getnames():
            if name.endswith(".tar"):
                with tarfile.open(fileobj=tar.extractfile(name)) as layer:
                    found.update(layer.getnames())
    return found


def test_an_archive_names_the_image_as_a_pod_asks_for_it(make, log: Path, cache: Path) -> None:
    image = make("one", "FROM scratch\nCOPY Containerfile /\n")
    built = build(image, log)
    assert built.reference == image.reference()
    assert names_in(built.archive) == [image.reference()]
    assert str(cache) not in Path("/proc/self/mountinfo").read_text(), "a mount was left"


def test_a_built_image_is_not_built_again(make, log: Path) -> None:
    image = make("one", "FROM scratch\nCOPY Containerfile /\n")
    assert find_built(image) is None
    assert plan([image]) == [image]
    built = build(image, log)
    log.unlink()
    assert build(image, log) == built == find_built(image)
    assert plan([image]) == []
    assert not log.exists()


def test_a_child_is_built_on_its_parent(make, log: Path) -> None:
    parent = make("parent", "FROM scratch\nCOPY Containerfile /inherited\n")
    child = make("child", "ARG BASE\nFROM ${BASE}\nCOPY Containerfile /own\n", parent)
    assert plan([child]) == [parent, child]
    assert files_in(build(child, log).archive) == {"inherited", "own"}


def test_a_new_build_removes_the_archive_before_it(make, log: Path) -> None:
    old = build(make("one", "FROM scratch\nCOPY Containerfile /old\n"), log)
    other = build(make("other", "FROM scratch\nCOPY Containerfile /\n"), log)
    new = build(make("one", "FROM scratch\nCOPY Containerfile /new\n"), log)
    assert not old.archive.exists()
    assert new.archive.exists()
    assert other.archive.exists()


def test_a_failed_step_is_told_with_the_end_of_the_log(make, log: Path) -> None:
    image = make("one", "FROM scratch\nCOPY absent /\n")
    with pytest.raises(PlatformError, match="absent"):
        build(image, log)
    assert find_built(image) is None


def test_an_archive_that_was_cut_off_does_not_count(make, log: Path, cache: Path) -> None:
    image = make("one", "FROM scratch\nCOPY Containerfile /\n")
    stage(image, log)
    (cache / "archives").mkdir()
    (cache / f"archives/one-1-{image.fingerprint()}.part").write_text("half an archive")
    assert find_built(image) is None
    assert names_in(build(image, log).archive) == [image.reference()]


def test_a_working_container_left_by_a_killed_build_is_removed(
    make, log: Path, cache: Path
) -> None:
    image = make("one", "FROM scratch\nCOPY Containerfile /\n")
    stage(image, log)
    with opened(cache) as storage:
        here = ["buildah", "--root", str(cache / storage.driver), "--runroot", str(cache / "run")]
        here += ["--storage-driver", storage.driver]
        subprocess.run([*here, "from", "--pull-never", image.reference()], check=True)
    with opened(cache):
        left = subprocess.run([*here, "containers", "--json"], capture_output=True, check=True)
    assert json.loads(left.stdout or b"null") in (None, [])


def test_a_full_disk_is_told_before_the_build(
    make, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_ROOM", 2**60)
    with pytest.raises(PlatformError, match="GiB free, and building images takes"):
        build(make("one", "FROM scratch\nCOPY Containerfile /\n"), log)
