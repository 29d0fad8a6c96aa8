"""Debian packages that the platform uses, installed when they are missing."""

import shutil
import subprocess

from gpucommons_local.errors import PlatformError

_PACKAGES = {
    # What is looked for: the package that has it.
    "buildah": "buildah",
    "conntrack": "conntrack",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "gcc": "gcc libc6-dev",
    "ip": "iproute2",
    "iptables": "iptables",
    "mount": "mount",
    "nsenter": "util-linux",
    "runc": "runc",
    "tini": "tini",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
}
_BROWSER = {"chromium": "chromium"}


def missing_packages(*, browser: bool = False) -> list[str]:
    """Names of the packages to install; with ``browser`` what the browser tests need too."""
    wanted = {**_PACKAGES, **(_BROWSER if browser else {})}
    search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    names: list[str] = []
    for program, packages in wanted.items():
        if shutil.which(program, path=search) is None:
            names += packages.split()
    return names


def install(names: list[str]) -> None:
    """Install packages with apt-get; raises PlatformError with apt's own words."""
    if shutil.which("apt-get") is None:
        raise PlatformError(
            f"This machine has no apt-get. Install by its own means: {', '.join(names)}. "
            "Debian and Ubuntu are supported."
        )
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *names)


def _apt(*arguments: str) -> None:
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *arguments]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    if result.returncode:
        raise PlatformError(
            f"`{' '.join(command)}` failed: {result.stderr.strip()[-800:]} "
            "Mend that and run `make up` again."
        )
