"""containerd and pod networking of the node."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from gpucommons_local.cluster.kubernetes import runtime_socket
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import POD_RANGE, Instance
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.programs import program, programs_folder
from gpucommons_local.machine.supervision import Program

_CNI_PROGRAMS = Path("/usr/lib/cni")  # Debian's containernetworking-plugins


def containerd(instance: Instance, pause_image: str, cdi_folders: Sequence[Path]) -> Program:
    """Return containerd with our own sandbox image and with devices from the CDI folders."""
    file = instance.state / "containerd.toml"
    configuration = _configuration(instance, pause_image, [str(each) for each in cdi_folders])
    return Program(
        "containerd",
        [str(program("containerd")), "--config", str(file)],
        (str(program("ctr")), "--address", str(runtime_socket()), "version"),
        # Its shim is looked up on PATH.
        environment={"PATH": f"{programs_folder() / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"},
        files={file: configuration, instance.state / "cni" / "10-pods.conflist": _pod_network()},
    )


def imported_images(instance: Instance) -> set[str]:
    """References of the images that the node has."""
    return set(_ctr(instance, "images", "list", "--quiet").split())


def import_image(instance: Instance, archive: Path) -> None:
    """Load an image archive into the node."""
    _ctr(instance, "images", "import", str(archive))


def _ctr(instance: Instance, *arguments: str) -> str:
    command = [enter_command(instance), str(program("ctr"))]
    command += ["--address", str(runtime_socket()), "--namespace", "k8s.io", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise PlatformError(f"ctr {' '.join(arguments)} failed: {result.stderr.strip()[-800:]}")
    return result.stdout


def _configuration(instance: Instance, pause_image: str, cdi_folders: list[str]) -> str:
    return f"""\
version = 3
root = "{instance.state / "containerd"}"
state = "/run/containerd"

[grpc]
address = "{runtime_socket()}"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{pause_image}"

[plugins.'io.containerd.cri.v1.runtime']
enable_cdi = true
cdi_spec_dirs = {json.dumps(cdi_folders)}
# Without CAP_SYS_RESOURCE a lower score than our own cannot be set, and every
# sandbox would fail.
restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["{_CNI_PROGRAMS}"]
conf_dir = "{instance.state / "cni"}"
"""


def _pod_network() -> str:
    """Give each pod a point-to-point link, so that all its traffic passes the node's routing."""
    network = {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "ptp",
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": POD_RANGE}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": "/run/cni-addresses",
                },
            }
        ],
    }
    return json.dumps(network, indent=2) + "\n"
