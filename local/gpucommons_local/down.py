"""``down``: end everything that runs; files stay."""

from gpucommons_local.machine import cgroups
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import Supervisor
from gpucommons_local.machine.volumes import release_images
from gpucommons_local.progress import Steps


def down(instance: Instance, steps: Steps) -> None:
    """Stop the platform. With the node its processes, network, mounts and routes are gone."""
    with steps.step("Stop the programs, the node last"):
        Supervisor(instance).shut_down()
    with steps.step("Remove the pods' control groups"):
        cgroups.remove_groups(instance)
    with steps.step("Give back the volumes' loop devices"):
        release_images(instance)
