"""Bring the local platform up, take it down, say how it is."""

from collections.abc import Mapping
from functools import cached_property

from gpucommons_local.cluster import container_runtime, kubernetes
from gpucommons_local.cluster.control_plane import control_plane
from gpucommons_local.cluster.network_policies import network_policies
from gpucommons_local.cluster.node_agents import node_agents
from gpucommons_local.gpu.plugin import GPUStack
from gpucommons_local.hub.accounting import accounting_program
from gpucommons_local.hub.backup import backup_programs
from gpucommons_local.hub.culler import culler_program
from gpucommons_local.hub.dex import dex
from gpucommons_local.hub.hub import hub_programs, port_forward
from gpucommons_local.hub.observability import observability_programs
from gpucommons_local.hub.people_file import write_people_file
from gpucommons_local.machine import cgroups
from gpucommons_local.machine.certificates import certificate_files, make_certificates
from gpucommons_local.machine.instance import OBSERVABILITY, Instance
from gpucommons_local.machine.node import prepare_folders, write_enter_script
from gpucommons_local.machine.secrets import Secrets, load_secrets
from gpucommons_local.machine.supervision import Program, Supervisor
from gpucommons_local.machine.toolchain import BIN
from gpucommons_local.machine.volumes import release_images, try_image

LATER_BUILDS = "later-builds"
"""Name of the program that builds what a first session does without."""


def later_builds(instance: Instance) -> Program:
    """Return what builds the rest once people can work, and brings the platform to it."""
    options = ["--port", str(instance.port), *(["--https"] if instance.https else [])]
    for each in instance.environments:
        options += ["--environment", each]
    options += ["--addon", OBSERVABILITY] if instance.observability else []
    # What people do meanwhile goes first.
    command = ["nice", "-n", "10", str(BIN / "gpucommons"), "up", "--all"]
    return Program(
        LATER_BUILDS, [*command, "--name", instance.name, *options], inside=False, once=True
    )


class Platform:
    """One instance with everything that is needed to run it."""

    def __init__(self, instance: Instance, images: Mapping[str, str], catalogue: str) -> None:
        self.instance = instance
        self.images = images
        self.supervisor = Supervisor(instance)
        self._catalogue = catalogue

    @cached_property
    def secrets(self) -> Secrets:
        """The instance's secrets; made at the first look."""
        return load_secrets(self.instance)

    def configure(self) -> None:
        """Write every configuration file and put the programs under supervision."""
        self.instance.save()
        if not self.supervisor.running():
            release_images(self.instance)
        try_image(self.instance)
        prepare_folders(self.instance)
        write_enter_script(self.instance)
        write_people_file(self.instance, self.secrets)
        cgroups.make_groups(self.instance)
        kubernetes.write_credentials(self.instance)
        if self.instance.https:
            make_certificates(certificate_files(self.instance))
        self.supervisor.configure(self.programs())

    def programs(self) -> list[Program]:
        """All programs in the order of their start; they stop in the reverse order."""
        if self.instance.only_cluster:
            return self.node_programs()
        return [*self.node_programs(), *self.hub_programs(), later_builds(self.instance)]

    def node_programs(self) -> list[Program]:
        """What makes the cluster."""
        instance = self.instance
        command = [str(BIN / "python"), "-m", "gpucommons_local.machine.node"]
        cdi_folders = GPUStack.of(instance).cdi_folders
        return [
            Program(
                "node",
                [*command, instance.name, str(instance.port)],
                ("test", "-s", str(instance.node_pid_file)),
                inside=False,
            ),
            container_runtime.containerd(instance, self.images["pause"], cdi_folders),
            *control_plane(instance),
            port_forward(instance),
            *node_agents(instance),
            *([network_policies(instance)] if instance.only_cluster else []),
        ]

    def hub_programs(self) -> list[Program]:
        """What people use: Dex, proxy, hub, and its services."""
        secrets = self.secrets
        return [
            dex(self.instance, secrets),
            *hub_programs(self.instance, secrets, self._catalogue),
            culler_program(self.instance, secrets),
            accounting_program(self.instance, secrets),
            *backup_programs(self.instance, secrets),
            *observability_programs(self.instance, secrets),
        ]
