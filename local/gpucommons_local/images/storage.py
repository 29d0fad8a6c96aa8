"""Images under construction: buildah, with a storage of its own below the cache."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gpucommons_local.errors import PlatformError
from gpucommons_local.images.image import Image
from gpucommons_local.images.registry_config import mount_registry_config
from gpucommons_local.machine.toolchain import run_logged

# Debian's package may come without one, and images here are made, not downloaded.
_POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


@dataclass(frozen=True, slots=True)
class Storage:
    """buildah on one folder. Use it inside `opened`, which keeps others out."""

    folder: Path
    driver: str  # "overlay", or "vfs" where the file system cannot stack

    def holds(self, reference: str) -> bool:
        """Whether an image was built, or loaded, under this name."""
        return _succeeds(self._buildah("inspect", "--type", "image", reference))

    def build(
        self, image: Image, reference: str, base: Mapping[str, str], context: Path, log: Path
    ) -> None:
        """Build the image in its context. base: the argument BASE, where it has a parent."""
        with TemporaryDirectory(dir=self.folder, prefix="loan-") as name:
            command = self._buildah("build", "--network", "host", "--pull-never")
            command += ["--isolation", "chroot", "--format", "docker"]
            command += [
                f"--layers={str(image.keep_steps).lower()}",
                "--volume",
                mount_registry_config(Path(name)),
            ]
            arguments = {**image.arguments, **base}
            command += [f"--build-arg={key}={value}" for key, value in arguments.items()]
            command += ["--file", image.containerfile, "--tag", reference, "."]
            self._run(command, context, log)

    def save(self, reference: str, archive: Path, log: Path) -> None:
        """Write an image with its name into a tar file. Not compressed: it is read back here."""
        part = archive.with_suffix(".part")
        part.unlink(missing_ok=True)
        command = self._buildah("push", reference, f"docker-archive:{part}:{reference}")
        self._run(command, self.folder, log)
        part.rename(archive)

    def remove(self, reference: str) -> None:
        """Forget an image. One that others are built on loses its name only."""
        _succeeds(self._buildah("rmi", "--force", reference))

    def forget_steps(self) -> None:
        """Remove what was kept of finished steps; the images themselves stay."""
        _succeeds(self._buildah("rmi", "--prune"))

    def references(self) -> list[str]:
        """Names of all images held."""
        command = self._buildah("images", "--format", "{{.Name}}:{{.Tag}}", "--noheading")
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        return told.stdout.split()

    def clear_interrupted(self) -> None:
        """Remove what a build left that was ended half-way."""
        for pattern in ("loan-*", "context-*", "run/*"):
            for path in self.folder.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)
        _succeeds(self._buildah("rm", "--all"))

    def _run(self, command: list[str], folder: Path, log: Path) -> None:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        run_logged(command, folder=folder, log=log, extra={"TMPDIR": str(temporary)})

    def _buildah(self, action: str, *rest: str) -> list[str]:
        policy = self.folder / "policy.json"
        trusting = action in ("build", "push", "pull")
        return [
            # Mounts made in a namespace of its own are gone with it, however it ends.
            *("unshare", "--mount", "--propagation", "private"),
            *("buildah", "--storage-driver", self.driver),
            *("--root", str(self.folder / self.driver), "--runroot", str(self.folder / "run")),
            *(action, *(("--signature-policy", str(policy)) if trusting else ()), *rest),
        ]


@contextmanager
def opened(folder: Path) -> Iterator[Storage]:
    """Give the storage below `folder` to one process at a time; others wait."""
    for program in ("buildah", "debootstrap", "unshare"):
        if not shutil.which(program):
            raise PlatformError(
                f"The program {program} is missing. Run `apt-get install {program}`."
            )
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "policy.json").write_text(json.dumps(_POLICY))
        storage = Storage(folder, _driver(folder))
        storage.clear_interrupted()
        yield storage


def _driver(folder: Path) -> str:
    """Stacked layers where the file system below the cache can, whole copies elsewhere."""
    with TemporaryDirectory(dir=folder, prefix="tmp-") as name:
        probe = Path(name)
        for each in ("low", "up", "work", "all"):
            (probe / each).mkdir()
        options = f"lowerdir={probe}/low,upperdir={probe}/up,workdir={probe}/work"
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, f"{probe}/all"]
        stacks = _succeeds(["unshare", "--mount", "--propagation", "private", *mount])
    return "overlay" if stacks else "vfs"


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
