"""Build images once, and keep each as an archive that containerd imports."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gpucommons_local.cache import cache_folder
from gpucommons_local.errors import PlatformError
from gpucommons_local.images.image import Image
from gpucommons_local.images.storage import Storage, opened

_ROOM = 6 * 2**30  # bytes; what base and one environment take while they are built and saved


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that is ready to import.

    archive is a docker-archive tar which names the image `reference`.
    """

    reference: str
    archive: Path


def find_built(image: Image) -> BuiltImage | None:
    """Give the image if it was built before, unchanged."""
    archive = _archive(image)
    return BuiltImage(image.reference(), archive) if archive.exists() else None


def plan(images: Iterable[Image]) -> list[Image]:
    """Give what `build` and `stage` still have to do, in order; parents first."""
    missing = [image for image in images if not find_built(image)]
    ordered = {each.title: each for image in missing for each in image.lineage()}
    return list(ordered.values())


def stage(image: Image, log: Path) -> None:
    """Build an image, and those it starts from, for others to start from: no archive."""
    with opened(_folder()) as storage:
        _stage(storage, image, log)


def build(image: Image, log: Path) -> BuiltImage:
    """Give the image's archive, building what is missing.

    Safe to interrupt and to repeat: finished layers are kept. Raises PlatformError with the
    end of the log if a step fails, or if the disk is too full to begin.
    """
    if built := find_built(image):
        return built
    with opened(_folder()) as storage:
        _stage(storage, image, log)
        archive = _archive(image)
        archive.parent.mkdir(exist_ok=True)
        storage.save(image.reference(), archive, log)
        _remove_old(storage, image)
    return BuiltImage(image.reference(), archive)


def _stage(storage: Storage, image: Image, log: Path) -> None:
    if storage.holds(image.reference()):
        return
    arguments = dict(image.arguments)
    if image.parent:
        _stage(storage, image.parent, log)
        arguments["BASE"] = image.parent.reference()
    _check_room()
    with TemporaryDirectory(dir=_folder(), prefix="context-") as name:
        context = Path(name)
        for ingredient in image.context:
            ingredient.place(context, log)
        storage.build(image.reference(), image.containerfile, arguments, context, log)


def _remove_old(storage: Storage, image: Image) -> None:
    """Remove earlier builds of the same images."""
    for each in image.lineage():
        for reference in storage.references():
            if reference != each.reference() and reference.startswith(_family(each)):
                storage.remove(reference)
        current = _archive(each)
        for path in current.parent.glob(f"{each.name}-{each.version}-*"):
            if path != current:
                path.unlink()


def _family(image: Image) -> str:
    return image.reference().removesuffix(image.fingerprint())


def _check_room() -> None:
    free = shutil.disk_usage(_folder()).free
    if free < _ROOM:
        raise PlatformError(
            f"{_folder()} has {free / 2**30:.1f} GiB free, and building images takes "
            f"{_ROOM / 2**30:.0f} GiB. Free some space, or set XDG_CACHE_HOME to a larger disk."
        )


def _folder() -> Path:
    return cache_folder() / "images"


def _archive(image: Image) -> Path:
    name = f"{image.name}-{image.version}-{image.fingerprint()}.tar"
    return _folder() / "archives" / name
