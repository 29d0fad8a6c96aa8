"""What an installation on a cluster runs, of which the local platform runs most without images."""

from pathlib import Path

from gpucommons_local.images.image import Files, Image
from gpucommons_local.images.table import DEBIAN, HUB
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import programs_folder


def installed_images() -> list[Image]:
    """Describe the images of hub, proxy and Dex; the programs must be built."""
    return [
        HUB,
        _of_programs("proxy", "5.2.0", programs_folder(), ("bin/node", "proxy")),
        _of_programs("dex", "2.44.0", programs_folder() / "bin", ("dex",)),
    ]


def _of_programs(name: str, version: str, root: Path, programs: tuple[str, ...]) -> Image:
    containerfile = Files(checkout() / "local" / name, ("Containerfile",))
    return Image(
        name=name,
        version=version,
        containerfile="Containerfile",
        context=(containerfile, Files(root, programs)),
        parent=DEBIAN,
    )
