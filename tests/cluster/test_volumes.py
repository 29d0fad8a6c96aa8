"""Volumes of the platform: as large as their claims, there when a pod starts, and never lost."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpucommons_local.machine.instance import load
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.volumes import held_images

from tests.platform import LocalPlatform
from tests.waiting import until

_MIB = 1024**2
_SMALL, _LARGE = 512 * _MIB, 1024 * _MIB  # bytes

_FILL = """
import errno, os
try:
    with open("full", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
except OSError as error:
    print(errno.errorcode[error.errno], os.path.getsize("full"))
"""
_MANY = """
import errno, os
os.mkdir("many")
try:
    for number in range(100_000):
        open(f"many/{number}", "w").close()
except OSError as error:
    print(errno.errorcode[error.errno], number)
"""
_SIZE = "import os; found = os.statvfs('.'); print(found.f_blocks * found.f_frsize)"


class Claim:
    """A claim of a test, and the pods that it mounts it in, one at a time."""

    def __init__(self, platform: LocalPlatform, namespace: str, image: str, name: str) -> None:
        self._platform, self._namespace, self._image = platform, namespace, image
        self.name = name
        self._apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "storageClassName": "workspaces",
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": str(_SMALL)}},
                },
            }
        )
        bound = "--for=jsonpath={.status.phase}=Bound"
        self.kubectl("wait", f"pvc/{name}", bound, "--timeout=180s")
        self.volume = self.read("pvc", name, "{.spec.volumeName}")
        self.folder = platform.state / "volumes" / self.volume
        self.image_file = self.folder.with_name(f"{self.volume}.img")

    def kubectl(self, *arguments: str) -> str:
        return self._platform.kubectl("-n", self._namespace, *arguments)

    def read(self, kind: str, name: str, path: str) -> str:
        return self.kubectl("get", kind, name, "-o", f"jsonpath={path}")

    def events(self, kind: str, name: str) -> str:
        return self.kubectl(
            *("get", "events", "-A", "-o", "jsonpath={.items[*].message}"),
            f"--field-selector=involvedObject.kind={kind},involvedObject.name={name}",
        )

    def begin_pod(self) -> None:
        """Make a pod as sessions are: without root, in the folder that the claim is mounted at."""
        container = {
            "name": "session",
            "image": self._image,
            "command": ["sleep", "infinity"],
            "workingDir": "/home/jovyan",
            "securityContext": {"runAsUser": 1000, "runAsGroup": 100},
            "volumeMounts": [{"name": "home", "mountPath": "/home/jovyan"}],
        }
        claim = {"name": "home", "persistentVolumeClaim": {"claimName": self.name}}
        self._apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": self.name, "namespace": self._namespace},
                "spec": {
                    "containers": [container],
                    "volumes": [claim],
                    "terminationGracePeriodSeconds": 0,
                },
            }
        )

    def await_pod(self) -> None:
        self.kubectl("wait", f"pod/{self.name}", "--for=condition=Ready", "--timeout=300s")

    def end_pod(self) -> None:
        self.kubectl("delete", "pod", self.name, "--ignore-not-found")

    def python(self, program: str) -> str:
        """Run Python in the pod; gives what it printed."""
        return self.kubectl("exec", self.name, "--", "python3", "-c", program).strip()

    def grow(self, size: int) -> None:
        patch = {"spec": {"resources": {"requests": {"storage": str(size)}}}}
        claim = ("persistentvolumeclaim", self.name)
        self.kubectl("patch", *claim, "--type", "merge", "--patch", json.dumps(patch))

    def _apply(self, manifest: dict) -> None:
        file = self._platform.state / "run" / f"{self._namespace}-test.json"
        file.write_text(json.dumps(manifest))
        self._platform.kubectl("apply", "-f", str(file))


@pytest.fixture
def claim(platform: LocalPlatform, namespace: str, image: str, request) -> Iterator[Claim]:
    """A claim that is bound; its pod and itself are gone afterwards."""
    if reason := platform.status()["sizes_not_enforced"]:
        pytest.skip(reason)
    claim = Claim(platform, namespace, image, f"claim-{abs(hash(request.node.name)) % 10**6}")
    yield claim
    claim.end_pod()
    claim.kubectl("delete", "pvc", claim.name, "--ignore-not-found")


@pytest.fixture
def in_node(platform: LocalPlatform) -> Callable[..., subprocess.Popen]:
    """Start a command inside the node, where the volumes are mounted."""
    enter = enter_command(load(platform.name))
    return lambda *command: subprocess.Popen([enter, *command])


def test_a_session_sees_the_size_of_its_claim_and_is_stopped_there(claim: Claim) -> None:
    claim.begin_pod()
    claim.await_pod()
    assert claim.python("import os; print(os.listdir())") == "[]"
    assert 0.8 * _SMALL < int(claim.python(_SIZE)) <= _SMALL
    error, written = claim.python(_FILL).split()
    assert error == "ENOSPC"
    assert 0.8 * _SMALL < int(written) <= _SMALL
    claim.python("import os; os.remove('full')")
    error, made = claim.python(_MANY).split()
    assert error == "ENOSPC"
    assert 0 < int(made) < _SMALL / 16384


def test_a_claim_grows_while_a_full_session_goes_on(claim: Claim) -> None:
    claim.begin_pod()
    claim.await_pod()
    assert claim.python(_FILL).startswith("ENOSPC")
    claim.grow(_LARGE)
    capacity = "{.status.capacity.storage}"
    until(
        lambda: claim.read("pvc", claim.name, capacity) == str(_LARGE),
        instead=lambda: claim.events("PersistentVolumeClaim", claim.name),
    )
    assert claim.read("pv", claim.volume, "{.spec.capacity.storage}") == str(_LARGE)
    assert 0.8 * _LARGE < int(claim.python(_SIZE)) <= _LARGE
    error, written = claim.python(_FILL.replace("full", "more")).split()
    assert error == "ENOSPC"
    assert int(written) > 0.8 * _LARGE - _SMALL
    assert int(claim.python("import os; print(os.path.getsize('full'))")) > 0.8 * _SMALL


def test_a_pod_waits_for_a_volume_that_is_not_mounted_and_has_its_files_then(
    claim: Claim, platform: LocalPlatform, in_node
) -> None:
    claim.begin_pod()
    claim.await_pod()
    claim.python("open('note', 'w').write('kept')")
    claim.end_pod()
    with platform.without("storage-provisioner"):
        # What a container of the pod has of it goes with the container.
        until(lambda: in_node("umount", str(claim.folder)).wait() == 0)
        claim.begin_pod()
        until(lambda: "hostPath type check failed" in claim.events("Pod", claim.name))
        assert list(claim.folder.iterdir()) == []
    claim.await_pod()
    assert claim.python("print(open('note').read())") == "kept"
    assert list(claim.folder.iterdir()) == []  # the machine does not have the node's mounts


def test_a_volume_goes_with_its_claim_once_nothing_uses_it(
    claim: Claim, platform: LocalPlatform, in_node
) -> None:
    instance = load(platform.name)
    assert claim.image_file in held_images(instance).values()
    user = in_node("sh", "-c", f"cd {claim.folder}/files && exec sleep infinity")
    try:
        until(lambda: _works_in(claim.folder / "files"))
        claim.kubectl("delete", "pvc", claim.name)
        until(lambda: "target is busy" in claim.events("PersistentVolume", claim.volume))
        assert claim.image_file.exists()
    finally:
        user.kill()
        user.wait()
    claim.kubectl("wait", f"pv/{claim.volume}", "--for=delete", "--timeout=180s")
    assert not claim.folder.exists()
    assert not claim.image_file.exists()


def _works_in(folder: Path) -> bool:
    """Whether a process of the node is in a folder; its path is the same there."""
    for each in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if each.readlink() == folder:
                return True
        except OSError:
            continue  # it has ended, or is the kernel's
    return False


def test_a_plain_folder_of_an_earlier_platform_goes_on_and_goes_with_its_claim(
    platform: LocalPlatform, namespace: str
) -> None:
    folder = platform.state / "volumes" / "plain"
    folder.mkdir(exist_ok=True)
    (folder / "note").write_text("kept")
    labels = {"pv.kubernetes.io/provisioned-by": "gpucommons.io/folder"}
    spec = {
        "storageClassName": "workspaces",
        "accessModes": ["ReadWriteOnce"],
    }
    made = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "plain", "annotations": labels},
            "spec": {
                **spec,
                "capacity": {"storage": "1Gi"},
                "persistentVolumeReclaimPolicy": "Delete",
                "hostPath": {"path": str(folder), "type": "Directory"},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "plain", "namespace": namespace},
            "spec": {
                **spec,
                "volumeName": "plain",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        },
    ]
    file = platform.state / "run" / "plain.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    platform.kubectl("apply", "-f", str(file))
    where = ("-n", namespace, "pvc/plain")
    platform.kubectl("wait", *where, "--for=jsonpath={.status.phase}=Bound", "--timeout=180s")
    assert (folder / "note").read_text() == "kept"
    platform.kubectl("delete", *where)
    platform.kubectl("wait", "pv/plain", "--for=delete", "--timeout=180s")
    assert not folder.exists()
