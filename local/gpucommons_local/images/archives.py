"""Build images once, and keep each as an archive that containerd imports."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gpucommons_local.errors import PlatformError
from gpucommons_local.images.image import Image
from gpucommons_local.images.storage import Storage, opened
from gpucommons_local.machine.cache import cache_folder

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
    reference = image.reference()
    archive = _archive(reference)
    return BuiltImage(reference, archive) if archive.exists() else None


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
        references = _stage(storage, image, log)
        archive = _archive(references[-1])
        archive.parent.mkdir(exist_ok=True)
        storage.save(references[-1], archive, log)
        if image.parent and not image.keep_steps:
            storage.remove(references[-1])  # nothing starts from it, and its archive holds it all
        _remove_others_of(references, storage)
    return BuiltImage(references[-1], archive)


def _stage(storage: Storage, image: Image, log: Path) -> list[str]:
    """Give the references of the image's line, itself last.

    They are asked for before any build, so that a file which is edited meanwhile makes for
    another build next time.
    """
    line = image.lineage()
    references = [each.reference() for each in line]
    base: dict[str, str] = {}
    for each, reference in zip(line, references, strict=True):
        if not storage.holds(reference):
            _stage_one(storage, each, reference, base, log)
        base = {"BASE": reference}
    return references


def _stage_one(
    storage: Storage, image: Image, reference: str, base: Mapping[str, str], log: Path
) -> None:
    _check_room(storage)
    with TemporaryDirectory(dir=_folder(), prefix="context-", ignore_cleanup_errors=True) as name:
        context = Path(name)
        for ingredient in image.context:
            ingredient.place(context, log)
        storage.build(image, reference, base, context, log)


def _remove_others_of(references: list[str], storage: Storage) -> None:
    """Remove earlier builds of the images that these references name."""
    for kept in reversed(references):  # children first: they hold their parents
        family = kept.rpartition("-")[0] + "-"
        for each in storage.references():
            if each.startswith(family) and each != kept:
                storage.remove(each)
        for path in _archive(kept).parent.glob(_archive(family).stem + "*.tar"):
            if path != _archive(kept):
                path.unlink()


def _check_room(storage: Storage) -> None:
    if _free() < _ROOM:
        storage.forget_steps()
    if _free() < _ROOM:
        raise PlatformError(
            f"{_folder()} has {_free() / 2**30:.1f} GiB free, and building images takes "
            f"{_ROOM / 2**30:.0f} GiB. Free some space, or set XDG_CACHE_HOME to a larger disk."
        )


def _free() -> int:
    return shutil.disk_usage(_folder()).free


def _folder() -> Path:
    return cache_folder() / "images"


def _archive(reference: str) -> Path:
    name = reference.rpartition("/")[2].replace(":", "-")
    return _folder() / "archives" / f"{name}.tar"
