"""Whether sizes of volumes are enforced is tried and told; no loop device outlives the platform."""

import json
from pathlib import Path

import pytest
from gpucommons_local.addons.dns_and_storage import dns_and_storage_objects
from gpucommons_local.cluster import node_agents
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine import packages, volumes
from gpucommons_local.machine.instance import Instance


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Instance:
    """A platform with one image."""
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(node_agents, "program", lambda name: name)
    instance = Instance("unit", 18397)
    instance.volumes.mkdir(parents=True)
    (instance.volumes / "pvc-1.img").touch()
    return instance


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose programs for images are scripts, in this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = f"{folder}:{volumes._ENVIRONMENT['PATH']}"
    monkeypatch.setattr(volumes, "_ENVIRONMENT", {"PATH": path})
    return folder


def _script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def _option(instance: Instance) -> str:
    first, *_ = node_agents.node_agents(instance)
    assert first.name == "storage-provisioner"  # it mounts the volumes before the kubelet starts
    (option,) = [each for each in first.command if each.startswith("--enforce-sizes=")]
    return option.removeprefix("--enforce-sizes=")


def test_where_images_can_be_mounted_sizes_are_enforced(instance, machine):
    _script(machine, "mkfs.xfs", "exit 0")
    _script(machine, "unshare", "exit 0")
    volumes.try_image(instance)
    assert volumes.why_not_enforced(instance) == ""
    assert _option(instance) == "true"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("mkfs.xfs", "No space left on device"),
        ("unshare", "mount: x: failed to setup loop device for y"),
    ],
)
def test_where_they_cannot_volumes_are_folders_and_the_reason_is_told(
    instance, machine, program, said
):
    for each in ("mkfs.xfs", "unshare"):
        _script(machine, each, "exit 0")
    _script(machine, program, f"echo '{said}.' >&2; exit 32")
    volumes.try_image(instance)
    told = volumes.why_not_enforced(instance)
    assert f"a plain folder, because this machine mounts no images ({said})" in told
    assert "do not start (images: 1)" in told
    assert _option(instance) == "false"
    (instance.volumes / "pvc-1.img").unlink()
    assert "do not start" not in volumes.why_not_enforced(instance)

    _script(machine, program, "exit 0")
    volumes.try_image(instance)
    assert _option(instance) == "true"


def _hold(machine: Path, image: Path, *, mounted: bool) -> None:
    """Let a loop device hold an image, as losetup tells; who mounts it does not let it go."""
    found = image.stat()
    device = {
        "name": "/dev/loop3",
        "back-maj:min": f"{found.st_dev >> 8 & 0xFFF}:{found.st_dev & 0xFF}",
        "back-ino": found.st_ino,
    }
    empty = {"name": "/dev/loop4", "back-maj:min": None, "back-ino": None}
    (machine / "devices.json").write_text(json.dumps({"loopdevices": [empty, device]}))
    detach = "true" if mounted else f"rm {machine}/devices.json"
    _script(
        machine,
        "losetup",
        f'if test "$1" = --detach; then test "$2" = /dev/loop3 && {detach}; '
        f"else cat {machine}/devices.json 2>/dev/null; fi",
    )


def test_a_loop_device_that_a_crash_left_is_detached(instance, machine):
    image = instance.volumes / "pvc-1.img"
    _hold(machine, image, mounted=False)
    assert volumes.held_images(instance) == {"/dev/loop3": image}
    volumes.release_images(instance)
    assert volumes.held_images(instance) == {}


def test_an_image_that_stays_mounted_is_named(instance, machine):
    image = instance.volumes / "pvc-1.img"
    _hold(machine, image, mounted=True)
    with pytest.raises(PlatformError, match=rf"{image} \(/dev/loop3\).*mounted by hand"):
        volumes.release_images(instance, limit=0)


def test_loop_devices_of_others_are_left_alone(instance, machine, tmp_path):
    other = tmp_path / "other.img"
    other.touch()
    _hold(machine, other, mounted=True)
    volumes.release_images(instance, limit=0)


def test_a_claim_may_grow(instance):
    (storage,) = [
        each for each in dns_and_storage_objects(instance, {}) if each["kind"] == "StorageClass"
    ]
    assert storage["allowVolumeExpansion"] is True


def test_what_makes_images_is_among_the_packages(monkeypatch):
    monkeypatch.setattr(packages, "_is_there", lambda name: name != "mkfs.xfs")
    assert packages.missing_packages() == ["xfsprogs"]
