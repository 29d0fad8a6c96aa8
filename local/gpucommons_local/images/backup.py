"""The image that takes snapshots of workspaces; restic in it is the one that was built here."""

from gpucommons_local.images.image import Files, Image
from gpucommons_local.images.table import DEBIAN
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import programs_folder

_RESTIC = "0.18.1"


def backup_image() -> Image:
    """Describe it; restic and rest-server must be built."""
    restic = Image(
        name="restic",
        version=_RESTIC,
        containerfile="Containerfile",
        context=(
            Files(checkout() / "local" / "restic", ("Containerfile",)),
            Files(programs_folder() / "bin", ("restic", "rest-server")),
        ),
        parent=DEBIAN,
    )
    return Image(
        name="backup",
        version="2026.11",
        containerfile="images/backup/Containerfile",
        context=(Files(checkout(), ("images/backup", "backup/gpucommons_backup")),),
        # What it starts from has Debian and both programs, here in one.
        parent=restic,
        arguments={"RESTIC": restic.reference(), "REST_SERVER": restic.reference()},
    )
