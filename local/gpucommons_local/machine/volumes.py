"""Volumes as the machine sees them: whether it mounts images, and which it still holds.

Images are mounted inside the node, by the storage provisioner. When the node ends, the kernel
unmounts them and gives their loop devices back; that takes as long as there is to write.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance

# Without these folders on PATH, mkfs.xfs and losetup are not found; a reason is told in English.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_TRIAL_SIZE = 300 * 1024**2  # bytes, of which hardly any are written; the least that XFS takes


def try_image(instance: Instance) -> None:
    """Find out whether this machine mounts images, and write down why not."""
    instance.run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=instance.run) as folder:
        image, target = Path(folder) / "trial.img", Path(folder) / "mounted"
        target.mkdir()
        with image.open("wb") as file:
            file.truncate(_TRIAL_SIZE)
        # The mount is in a namespace of its own, with which it ends.
        reason = _failure("mkfs.xfs", "-q", "-K", str(image)) or _failure(
            *("unshare", "--mount", "mount", "-t", "xfs", "-o", "loop", str(image), str(target))
        )
    if reason:
        _record(instance).write_text(reason)
    else:
        _record(instance).unlink(missing_ok=True)


def why_not_enforced(instance: Instance) -> str:
    """Say, as `try_image` found, why volumes are plain folders; empty where they are images."""
    try:
        reason = _record(instance).read_text()
    except FileNotFoundError:
        return ""
    text = (
        "Sizes of volumes are not enforced: a new volume is a plain folder, because this machine "
        f"mounts no images ({reason})."
    )
    if images := _images(instance):
        text += f" Sessions with a volume that is an image do not start (images: {len(images)})."
    return text


def release_images(instance: Instance, limit: float = 60.0) -> None:
    """Wait until no loop device holds an image, and detach those that nothing mounts.

    For when the node does not run. Raises PlatformError after so many seconds.
    """
    deadline = time.monotonic() + limit
    while held := held_images(instance):
        for device in held:
            # A device that is still mounted is only told to end with its mount.
            _run("losetup", "--detach", device)
        if time.monotonic() > deadline:
            images = ", ".join(f"{image} ({device})" for device, image in held.items())
            raise PlatformError(
                f"Volumes are still mounted or in use: {images}. Unmount what was mounted by hand, "
                "and run the command again."
            )
        time.sleep(0.05)


def held_images(instance: Instance) -> dict[str, Path]:
    """Return the images that a loop device holds, by the device."""
    images = {}
    for each in _images(instance):
        found = each.stat()
        images[found.st_dev, found.st_ino] = each
    if not images:
        return {}
    listed = _run("losetup", "--list", "--json", "--output", "NAME,BACK-MAJ:MIN,BACK-INO")
    devices = json.loads(listed.stdout)["loopdevices"] if listed.stdout.strip() else []
    held = {}
    for device in devices:
        if not device["back-maj:min"]:
            continue  # it was given back this moment
        # By number: the path is told as the node saw it, or as what is left of that.
        major, minor = map(int, device["back-maj:min"].split(":"))
        if image := images.get((os.makedev(major, minor), int(device["back-ino"]))):
            held[device["name"]] = image
    return held


def _images(instance: Instance) -> list[Path]:
    return sorted(instance.volumes.glob("*.img"))


def _record(instance: Instance) -> Path:
    return instance.run / "sizes-not-enforced"


def _failure(*command: str) -> str:
    """Run a command; return what it said if it failed, in one line."""
    result = _run(*command)
    if result.returncode == 0:
        return ""
    return " ".join(result.stderr.split()).rstrip(".") or f"{command[0]} failed"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, env=_ENVIRONMENT)
