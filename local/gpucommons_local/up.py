"""``up``: from whatever state the machine is in to a running platform.

Every step looks first whether it is done, so that a run which was cut off is
taken up where it stopped and a second run has nothing to do.
"""

import fcntl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from gpucommons_local import preflight
from gpucommons_local.addons import addons
from gpucommons_local.addons.kueue import kueue_image
from gpucommons_local.addons.simulated_gpus import gpu_image
from gpucommons_local.cluster import container_runtime, kubernetes
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import driver
from gpucommons_local.hub import people
from gpucommons_local.hub.dex import dex
from gpucommons_local.hub.local_catalogue import local_catalogue
from gpucommons_local.images import (
    ENVIRONMENTS,
    NODE_AGENT,
    PAUSE,
    Image,
    build,
    find,
    find_built,
    plan,
    stage,
)
from gpucommons_local.images.installed import installed_images
from gpucommons_local.machine import packages, programs
from gpucommons_local.machine.cache import cache_folder
from gpucommons_local.machine.instance import Instance, load
from gpucommons_local.machine.supervision import Supervisor
from gpucommons_local.platform import Platform
from gpucommons_local.progress import Steps

DEFAULT_IMAGES = ("scipy:2026.11", "scipy:2026.05")
"""Environments that `up` builds; the others are built on request."""


def up(instance: Instance, steps: Steps) -> Platform:
    """Set up what is missing and start what does not run."""
    supervisor = Supervisor(instance)
    mine = load(instance.name).ports if supervisor.running() else ()
    preflight.check(instance, cached=programs.built(), mine=mine)
    with _alone(instance):
        build_all(steps)
        if instance.only_cluster:
            build_images(installed_images(), steps)
        platform = Platform(instance, references(), local_catalogue())
        with steps.step("Configuration"):
            driver.build(instance.driver_root)
            platform.configure()
        _start_cluster(platform, steps)
        _import_images(platform, steps)
        _apply_addons(platform, steps, before_hub=True)
        if instance.only_cluster:
            _apply_addons(platform, steps, before_hub=False)
            return platform
        _start_dex(platform, steps)
        with ThreadPoolExecutor(1) as pool:
            gpus = pool.submit(_apply_addons, platform, steps, before_hub=False)
            _start_hub(platform, steps)
            _make_demo(platform, steps)
        gpus.result()
    return platform


def build_all(steps: Steps, *, tests: bool = False) -> None:
    """Install packages, build programs and images: everything that needs the network."""
    if missing := packages.missing_packages(tests=tests):
        with steps.step(f"Debian packages: {', '.join(missing)}"):
            packages.install(missing)
    if tests:
        with steps.step("Directory, database and metrics servers for the tests"):
            for server in packages.TEST_SERVERS:
                packages.unpacked(server)
    environments = [find(each) for each in DEFAULT_IMAGES]
    # At the same time: compilers wait little and use much, downloads and archives the reverse.
    with ThreadPoolExecutor(2) as pool:
        builds = [
            pool.submit(build_programs, steps),
            pool.submit(build_images, [*environments, PAUSE], steps),
        ]
    for each in builds:
        each.result()
    build_images(platform_images(), steps)
    if tests:
        build_images(installed_images(), steps)


def build_programs(steps: Steps) -> None:
    """Build the programs of other projects, once."""
    if programs.built():
        return
    for title in programs.steps():
        with steps.step(f"Build {title}"):
            programs.build(title, _build_log("programs"))
    programs.finish()


def build_images(images: list[Image], steps: Steps) -> None:
    """Build the images that are missing, parents first."""
    wanted = {each.title for each in images}
    for image in plan(images):
        with steps.step(f"Image {image.title}"):
            (build if image.title in wanted else stage)(image, _build_log("images"))


def platform_images() -> list[Image]:
    """Images that the node itself needs."""
    return [PAUSE, gpu_image(), kueue_image(), NODE_AGENT]


def references() -> Mapping[str, str]:
    """Return the references of `platform_images` by name."""
    return {each.name: each.reference() for each in platform_images()}


def installed_environments() -> list[Image]:
    """Environment images that were built, by default or on request."""
    return [each for each in ENVIRONMENTS if find_built(each)]


def _build_log(name: str) -> Path:
    return cache_folder() / "logs" / f"{name}.log"


@contextmanager
def _alone(instance: Instance) -> Iterator[None]:
    """Hold the instance's lock, so that two runs do not mix."""
    instance.state.mkdir(parents=True, exist_ok=True)
    with (instance.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlatformError(
                f"Another `make up` or `make down` works on the platform {instance.name}. "
                "Wait until it ends."
            ) from None
        yield


def _start_cluster(platform: Platform, steps: Steps) -> None:
    with steps.step("Kubernetes: control plane, node, DNS, storage"):
        for program in platform.node_programs():
            platform.supervisor.start(program)
            if program.name == "kube-apiserver":
                kubernetes.grant_administrator(platform.instance)
                kubernetes.lead_to_api_server(platform.instance)


def _import_images(platform: Platform, steps: Steps) -> None:
    images = [*platform_images(), *installed_environments()]
    if platform.instance.only_cluster:
        images += installed_images()
    present = container_runtime.imported_images(platform.instance)

    def load(image: Image) -> None:
        built = find_built(image)
        if built and built.reference not in present:
            with steps.step(f"Load image {image.title} into the node"):
                container_runtime.import_image(platform.instance, built.archive)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(load, images))


def _apply_addons(platform: Platform, steps: Steps, *, before_hub: bool) -> None:
    for addon in [each for each in addons.ADDONS if each.before_hub == before_hub]:
        if addon.ours and platform.instance.only_cluster:
            continue
        with steps.step(addon.title):
            addons.apply(addon, platform.instance, platform.images)


def _start_dex(platform: Platform, steps: Steps) -> None:
    with steps.step("Dex"):
        platform.supervisor.start(dex(platform.instance, platform.secrets))


def _make_demo(platform: Platform, steps: Steps) -> None:
    if not people.demo_made(platform.instance):
        with steps.step("Demo teams and people"):
            people.make_demo(platform.instance)


def _start_hub(platform: Platform, steps: Steps) -> None:
    with steps.step("Proxy, hub, idle culler"):
        for program in platform.hub_programs():
            platform.supervisor.start(program)
