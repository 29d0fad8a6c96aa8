"""Every image that this checkout describes."""

from gpucommons_local.errors import PlatformError
from gpucommons_local.images.compiled import StaticProgram, VSCodeExtension, Wheel
from gpucommons_local.images.debian import RELEASE, DebianTree
from gpucommons_local.images.image import Files, Image
from gpucommons_local.machine.cache import checkout

_ROOT = checkout()

DEBIAN = Image(
    name="debian",
    version=RELEASE,
    containerfile="Containerfile",
    context=(Files(_ROOT / "local/debian", ("Containerfile",)), DebianTree()),
)
PAUSE = Image(
    name="pause",
    version="1",
    containerfile="Containerfile",
    context=(
        Files(_ROOT / "local/pause", ("Containerfile",)),
        StaticProgram(_ROOT / "local/pause/pause.c"),
    ),
)
SESSION_WHEEL = Wheel(("contract", "lab_extension", "upkeep"))
"""What runs inside a session, also where it is installed alone into a JupyterLab."""
BASE = Image(
    name="base",
    version="2026.11",
    containerfile="images/base/Containerfile",
    context=(
        Files(_ROOT, ("images/base",)),
        VSCodeExtension(),
        SESSION_WHEEL,
    ),
    parent=DEBIAN,
    keep_steps=True,
)


def _environment(name: str, version: str) -> Image:
    containerfile = "images/environment.Containerfile"
    requirements = f"images/{name}/requirements-{version}.txt"
    return Image(
        name=name,
        version=version,
        containerfile=containerfile,
        context=(Files(_ROOT, (containerfile, requirements)),),
        parent=BASE,
        arguments={"ENVIRONMENT": name, "VERSION": version},
    )


ENVIRONMENTS = (
    _environment("scipy", "2026.11"),
    _environment("scipy", "2026.05"),
    _environment("pytorch", "2026.11"),
    _environment("tensorflow", "2026.11"),
)
"""What a person picks from, newest version of each first."""

HUB = Image(
    name="hub",
    version="2026.11",
    containerfile="images/hub/Containerfile",
    context=(
        Files(_ROOT, ("images/hub", "hub_config/jupyterhub_config.py")),
        Wheel(
            (
                *("accounting", "authenticator", "contract", "doctor", "hub_config", "idle_culler"),
                *("installer", "people", "sessions", "spawner", "upkeep", "web"),
            )
        ),
    ),
    parent=DEBIAN,
    keep_steps=True,
)

NODE_AGENT = Image(
    name="node-agent",
    version="2026.11",
    containerfile="images/node-agent/Containerfile",
    context=(
        Files(
            _ROOT, ("images/node-agent", "node_agent/gpucommons_node", "upkeep/gpucommons_upkeep")
        ),
    ),
    parent=DEBIAN,
)

PRIVATE_ACCESS = Image(
    name="private-access",
    version="2026.11",
    containerfile="images/private-access/Containerfile",
    context=(
        Files(
            _ROOT,
            (
                "images/private-access",
                "contract/gpucommons_contract",
                "private_access/gpucommons_private_access",
                "upkeep/gpucommons_upkeep",
            ),
        ),
    ),
    parent=DEBIAN,
)

IMAGES = (DEBIAN, PAUSE, BASE, *ENVIRONMENTS, HUB, NODE_AGENT, PRIVATE_ACCESS)


DEFAULT_ENVIRONMENTS = (ENVIRONMENTS[0], ENVIRONMENTS[1])
"""Environments that `up` builds, that of a first session first; the others are built on request."""


def find(title: str) -> Image:
    """Give the image called ``scipy:2026.05``, or ``scipy`` for the newest of that name."""
    for image in IMAGES:
        if title in (image.name, image.title):
            return image
    known = ", ".join(image.title for image in IMAGES)
    raise PlatformError(f"There is no image {title}. There are: {known}.")
