"""Programs of other projects, built once from source into the cache.

``local/programs/go.mod`` pins the Go ones, ``local/programs/package.json`` the
JavaScript ones. A change of those files, or of our own sources beside them,
makes a new set; the old one is removed.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder, checkout, fingerprint
from gpucommons_local.machine.toolchain import NODE, environment, run_logged

KUBERNETES_VERSION = "v1.35.4"
KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubeadm",
    "kubectl",
)
"""Names under which the one binary ``kubernetes`` is linked; see its main.go."""

_MAJOR, _MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
# Programs look at the version to judge what the API server offers.
_VERSION_FLAGS = " ".join(
    f"-X k8s.io/component-base/version.{name}={value}"
    for name, value in {
        "gitVersion": KUBERNETES_VERSION,
        "gitMajor": _MAJOR,
        "gitMinor": _MINOR,
    }.items()
)
_LINK = f"-s -w {_VERSION_FLAGS}"
# NVML's symbols are found at run time, in the driver's own library.
_LINK_NVML = (
    f"{_LINK} -extldflags '-Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-in-object-files'"
)
# Debugging data that the linker would only drop again.
_COMPILE = "all=-dwarf=false"
# Pure Go name look-up; no file systems that need headers of their own.
_TAGS = "netgo osusergo no_btrfs no_zfs no_aufs no_devmapper"

KUEUE = "Kueue, network policies"
"""Title of what is built of the cluster's queue."""
BACKUP = "restic, rest-server"
"""Title of what keeps snapshots of workspaces."""
LATER = (KUEUE, BACKUP)
"""Titles of what a first session does without."""
_ADDONS = "addons"
_KUEUE_OBJECTS = "kueue.json"
_NAMES = {"server": "etcd", "standard": "kube-network-policies"}
"""Go names a binary after the last part of its package's path; by it, what we call it."""


@dataclass(frozen=True, slots=True)
class _Build:
    """One call of ``go build``. With one module and one set of flags, packages compile once."""

    title: str
    module: str
    packages: tuple[str, ...]
    link: str = _LINK
    cgo: bool = False


_BUILDS = (
    _Build(
        "Kubernetes, etcd, CoreDNS, Dex",
        ".",
        (
            "./kubernetes",
            "./coredns",
            "./storage-provisioner",
            "go.etcd.io/etcd/server/v3",
            "github.com/dexidp/dex/cmd/dex",
        ),
    ),
    _Build(
        "NVIDIA device plugin, MPS daemon, feature discovery",
        "nvidia",
        (
            "github.com/NVIDIA/k8s-device-plugin/cmd/nvidia-device-plugin",
            "github.com/NVIDIA/k8s-device-plugin/cmd/mps-control-daemon",
            "github.com/NVIDIA/k8s-device-plugin/cmd/gpu-feature-discovery",
            "github.com/NVIDIA/nvidia-container-toolkit/cmd/nvidia-cdi-hook",
        ),
        _LINK_NVML,
        cgo=True,
    ),
    _Build(
        "containerd",
        "containerd",
        (
            "github.com/containerd/containerd/v2/cmd/containerd",
            "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "github.com/containerd/containerd/v2/cmd/ctr",
        ),
    ),
    _Build(
        KUEUE,
        _ADDONS,
        (
            "sigs.k8s.io/kueue/cmd/kueue",
            "sigs.k8s.io/kube-network-policies/cmd/kube-network-policies/standard",
        ),
    ),
    _Build(
        BACKUP,
        _ADDONS,
        (
            "github.com/restic/restic/cmd/restic",
            "github.com/restic/rest-server/cmd/rest-server",
        ),
    ),
)


def _sources() -> Path:
    return checkout() / "local" / "programs"


def programs_folder() -> Path:
    """Folder that holds, or will hold, the built programs of this checkout."""
    return cache_folder() / "programs" / fingerprint([_sources()], _LINK_NVML, _TAGS)


def program(name: str) -> Path:
    """Path of one built program, such as ``dex``; raises PlatformError if not built yet."""
    path = programs_folder() / "bin" / name
    if not path.exists():
        raise PlatformError(f"The program {name} is not built. Run `gpucommons build` first.")
    return path


def built(*titles: str) -> bool:
    """Whether these of `steps` are done; without titles, whether all are."""
    folder = programs_folder()
    marks = (folder / "done" / each for each in titles or steps())
    return (folder / "complete").exists() or all(each.exists() for each in marks)


def steps() -> list[str]:
    """Titles of what `build` does, in order."""
    return [each.title for each in _BUILDS] + ["configurable-http-proxy"]


def build(title: str, log: Path) -> None:
    """Do one of `steps`. Safe to repeat and to interrupt: compiled packages are kept."""
    folder = programs_folder()
    for each in ("bin", "done"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    compiled = {each.title: each for each in _BUILDS}
    if title in compiled:
        _go_build(compiled[title], folder / "bin", log)
    else:
        _install_proxy(folder, log)
    if title == KUEUE:
        _render_kueue(folder)
    _link_kubernetes(folder / "bin")
    (folder / "done" / title).touch()


def _link_kubernetes(folder: Path) -> None:
    """Link the names under which it is called; one of a program not yet built leads nowhere."""
    for name in KUBERNETES_PROGRAMS:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to("kubernetes")


def finish() -> None:
    """Mark the set as complete, and remove the sets before it."""
    folder = programs_folder()
    (folder / "complete").touch()
    for other in folder.parent.iterdir():
        if other != folder and (other / "complete").exists():
            shutil.rmtree(other)


def _go_build(build: _Build, target: Path, log: Path) -> None:
    command = ["go", "build", "-mod=readonly", "-trimpath", "-tags", _TAGS]
    command += ["-gcflags", _COMPILE, "-ldflags", build.link, "-o", f"{target}/", *build.packages]
    run_logged(
        command,
        folder=_sources() / build.module,
        log=log,
        extra={
            "CGO_ENABLED": str(int(build.cgo)),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-buildvcs=false",
        },
    )
    for theirs, ours in _NAMES.items():
        if (target / theirs).exists():
            (target / theirs).rename(target / ours)


def kueue_objects() -> list[dict[str, Any]]:
    """Read the objects that Kueue's own module installs; raises PlatformError if not built yet."""
    file = programs_folder() / _KUEUE_OBJECTS
    if not file.exists():
        raise PlatformError("Kueue is not built. Run `gpucommons build` first.")
    objects: list[dict[str, Any]] = json.loads(file.read_text())
    return objects


def _render_kueue(folder: Path) -> None:
    """Keep the objects of the module's ``config/default``, as JSON, which is read in no time."""
    where = ["go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kueue"]
    module = _output(where, _sources() / _ADDONS, {"GOTOOLCHAIN": "local"}).strip()
    kustomize = [str(folder / "bin" / "kubernetes"), "kubectl", "kustomize"]
    rendered = _output([*kustomize, f"{module}/config/default"], folder, {})
    part = folder / f"{_KUEUE_OBJECTS}.part"
    # The same as safe_load_all, by libyaml: a second instead of twenty.
    part.write_text(json.dumps(list(yaml.load_all(rendered, yaml.CSafeLoader))))
    part.rename(folder / _KUEUE_OBJECTS)


def _output(command: list[str], folder: Path, extra: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment(extra), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PlatformError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return done.stdout


def _install_proxy(folder: Path, log: Path) -> None:
    home = folder / "proxy"
    home.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_sources() / name, home / name)
    run_logged(["npm", "ci", "--omit=dev", "--ignore-scripts"], folder=home, log=log)
    # A copy of Node: the set is used by every checkout on this machine, and what
    # a virtual environment calls "node" is a script that starts the real one.
    shutil.copy(NODE, folder / "bin" / "node")
    script = folder / "bin" / "configurable-http-proxy"
    script.unlink(missing_ok=True)
    module = home / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    script.write_text(f'#!/bin/sh\nexec "{folder}/bin/node" "{module}" "$@"\n')
    script.chmod(0o755)
