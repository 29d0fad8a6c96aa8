"""``up``: from whatever state the machine is in to a running platform.

Every step looks first whether it is done, so that a run which was cut off is
taken up where it stopped and a second run has nothing to do.

What a first session does without is built afterwards, by this command with ``--all`` under the
platform's own supervisor.
"""

import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from gpucommons_local import preflight
from gpucommons_local.addons import addons
from gpucommons_local.builds import (
    FIRST_PROGRAMS,
    build_all,
    build_first,
    build_images,
    installed_environments,
    missing_environments,
    missing_later,
    platform_images,
    references,
)
from gpucommons_local.cluster import container_runtime, kubernetes
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import driver
from gpucommons_local.hub import people
from gpucommons_local.hub.dex import dex
from gpucommons_local.hub.local_catalogue import local_catalogue
from gpucommons_local.images import Image, find_built
from gpucommons_local.images.installed import installed_images
from gpucommons_local.machine import programs
from gpucommons_local.machine.instance import Instance, load
from gpucommons_local.machine.packages import ALERT_SERVER, METRICS_SERVER, unpacked
from gpucommons_local.machine.supervision import Supervisor
from gpucommons_local.platform import Platform, later_builds
from gpucommons_local.progress import Steps


def up(instance: Instance, steps: Steps, *, everything: bool = False) -> Platform:
    """Set up what is missing and start what does not run.

    everything: also build what a first session does without, before anything is changed.
    """
    supervisor = Supervisor(instance)
    mine = load(instance.name).ports if supervisor.running() else ()
    preflight.check(instance, cached=programs.built(*FIRST_PROGRAMS), mine=mine)
    if everything:
        build_all(steps)  # without the lock: this may be the build that another run left behind
    with _alone(instance, wait=everything):
        if instance.only_cluster:
            build_all(steps)
            build_images(installed_images(), steps)
        else:
            build_first(steps)
        if instance.observability:
            with steps.step("Prometheus and Alertmanager"):
                for names in (METRICS_SERVER, ALERT_SERVER):
                    unpacked(names)
        platform = Platform(instance, references(), local_catalogue(instance.environments))
        # A hub that runs is stopped by its new settings, so what takes long comes before them.
        serves = supervisor.states().get("hub", ("STOPPED",))[0] == "RUNNING"
        if serves:
            _fill_cluster(platform, steps)
        with steps.step("Configuration"):
            driver.build(instance.driver_root)
            platform.configure()
        _start_cluster(platform, steps)
        if not serves:
            _fill_cluster(platform, steps)
        if instance.only_cluster:
            _apply_addons(platform, steps, before_hub=False)
            return platform
        _start_dex(platform, steps)
        with ThreadPoolExecutor(1) as pool:
            gpus = pool.submit(_apply_addons, platform, steps, before_hub=False)
            _start_hub(platform, steps)
            _make_demo(platform, steps)
        gpus.result()
        if not everything and missing_later(instance.environments):
            platform.supervisor.start(later_builds(instance))
    if everything and (more := missing_environments(instance.environments)):
        build_images(more, steps)  # last: it takes long, and what failed leaves all else in use
        return up(instance, steps, everything=True)
    return platform


@contextmanager
def _alone(instance: Instance, *, wait: bool) -> Iterator[None]:
    """Hold the instance's lock, so that two runs do not mix."""
    instance.state.mkdir(parents=True, exist_ok=True)
    with (instance.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
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


def _fill_cluster(platform: Platform, steps: Steps) -> None:
    """Give the cluster the images, and what it needs before the hub."""
    _import_images(platform, steps)
    _apply_addons(platform, steps, before_hub=True)


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
        if addon.image and addon.image not in platform.images:
            continue  # it is built later
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
    with steps.step("Proxy, hub, idle culler, accounting, snapshots"):
        for program in platform.hub_programs():
            platform.supervisor.start(program)
