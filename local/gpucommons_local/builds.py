"""What is built on this machine: what a first session needs, and what can follow it."""

import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gpucommons_local.addons.kueue import kueue_image
from gpucommons_local.addons.simulated_gpus import gpu_image
from gpucommons_local.errors import PlatformError
from gpucommons_local.images import (
    DEFAULT_ENVIRONMENTS,
    ENVIRONMENTS,
    NODE_AGENT,
    PAUSE,
    Image,
    backup_image,
    build,
    find,
    find_built,
    plan,
    stage,
)
from gpucommons_local.images.installed import installed_images
from gpucommons_local.machine import packages, programs
from gpucommons_local.machine.cache import cache_folder
from gpucommons_local.machine.test_programs import build_test_programs, fetch_gateway
from gpucommons_local.progress import Steps

FIRST_PROGRAMS = tuple(each for each in programs.steps() if each not in programs.LATER)
_GIB = 1024**3
_ENVIRONMENT_SPACE = 24 * _GIB
"""Of PyTorch: 18 GiB once it is in the node, and more while it is built."""
FIRST_ENVIRONMENTS = DEFAULT_ENVIRONMENTS[:1]


def build_first(steps: Steps) -> None:
    """Build what a first session needs."""
    _install_packages(steps, tests=False)
    _build(FIRST_PROGRAMS, FIRST_ENVIRONMENTS, steps)


def build_all(steps: Steps, *, tests: bool = False) -> None:
    """Install packages, build programs and images: everything that needs the network."""
    _install_packages(steps, tests=tests)
    if tests:
        with steps.step("Directory, database and metrics servers for the tests"):
            for server in packages.TEST_SERVERS:
                packages.unpacked(server)
    _build(programs.steps(), DEFAULT_ENVIRONMENTS, steps)
    if tests:
        with steps.step("S3 server, store of logs, gateway and Gatekeeper for the tests"):
            build_test_programs(_build_log("test-programs"))
            fetch_gateway(_build_log("test-programs"))
        build_images(installed_images(), steps)


def missing_later(environments: Sequence[str] = ()) -> list[str]:
    """Titles of what a first session does without and is not built yet: what `build_all` builds,
    and the environments.
    """
    titles = [each for each in programs.LATER if not programs.built(each)]
    images = [*DEFAULT_ENVIRONMENTS[1:], *_later_images()]
    images += map(find, environments)
    return titles + [f"Image {each.title}" for each in images if not find_built(each)]


def missing_environments(titles: Sequence[str]) -> list[Image]:
    """Return those that are not built yet. Raises PlatformError for want of disk, or if there is
    none of that name.
    """
    missing = [each for each in map(find, titles) if not find_built(each)]
    free = shutil.disk_usage(cache_folder()).free
    if missing and free < (need := len(missing) * _ENVIRONMENT_SPACE):
        raise PlatformError(
            f"{', '.join(each.title for each in missing)}: not built, as this needs "
            f"{need // _GIB} GiB of free disk in {cache_folder()}, and there are {free // _GIB}."
        )
    return missing


def build_programs(steps: Steps, titles: Sequence[str] = FIRST_PROGRAMS) -> None:
    """Build programs of other projects, each once."""
    for title in titles:
        if not programs.built(title):
            with steps.step(f"Build {title}"):
                programs.build(title, _build_log("programs"))
    if programs.built():
        programs.finish()


def build_images(images: Sequence[Image], steps: Steps) -> None:
    """Build the images that are missing, parents first."""
    wanted = {each.title for each in images}
    for image in plan(images):
        with steps.step(f"Image {image.title}"):
            (build if image.title in wanted else stage)(image, _build_log("images"))


def platform_images() -> list[Image]:
    """Images that the node itself needs, as far as their programs are built."""
    return [PAUSE, gpu_image(), *_later_images(), NODE_AGENT]


def _later_images() -> list[Image]:
    described = {programs.KUEUE: kueue_image, programs.BACKUP: backup_image}
    return [image() for title, image in described.items() if programs.built(title)]


def references() -> Mapping[str, str]:
    """Return the references of `platform_images` by name."""
    return {each.name: each.reference() for each in platform_images()}


def installed_environments() -> list[Image]:
    """Environment images that were built, by default or on request."""
    return [each for each in ENVIRONMENTS if find_built(each)]


def _install_packages(steps: Steps, *, tests: bool) -> None:
    if missing := packages.missing_packages(tests=tests):
        with steps.step(f"Debian packages: {', '.join(missing)}"):
            packages.install(missing)


def _build(titles: Sequence[str], environments: Sequence[Image], steps: Steps) -> None:
    # At the same time: compilers wait little and use much, downloads and archives the reverse.
    with ThreadPoolExecutor(2) as pool:
        builds = [
            pool.submit(build_programs, steps, titles),
            pool.submit(build_images, [*environments, PAUSE], steps),
        ]
    for each in builds:
        each.result()
    build_images(platform_images(), steps)


def _build_log(name: str) -> Path:
    return cache_folder() / "logs" / f"{name}.log"
