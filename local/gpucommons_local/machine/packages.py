"""Debian packages that the platform and its tests use, taken from the machine's own sources."""

import shutil
import subprocess
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder

_PACKAGES = {
    # What is looked for: the package that has it.
    "buildah": "buildah",
    "conntrack": "conntrack",
    "curl": "curl",
    "debootstrap": "debootstrap",
    "gcc": "gcc libc6-dev",
    "ip": "iproute2",
    "iptables": "iptables",
    "mkfs.xfs": "xfsprogs",
    "mount": "mount",
    "nsenter": "util-linux",
    "runc": "runc",
    "tini": "tini",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
}
_FOR_TESTS = {
    # What opens the sealed passwords of snapshots where nothing of ours is left.
    "age": "age",
    # Chromium without windows: the same pages, at a third of the CPU time.
    "chromium-headless-shell": "chromium-headless-shell",
    # The hub's pages name each language in its own letters; Debian's Chromium has no Korean ones.
    # A tunnel by WireGuard, without the kernel's module, and the rules of what passes it.
    "nft": "nftables",
    "wg-quick": "wireguard-tools",
    "wireguard-go": "wireguard-go",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf": "fonts-nanum",
}
DIRECTORY_SERVER = ("slapd", "ldap-utils")
"""OpenLDAP for the tests. Unpacked, not installed: a package of a server starts it."""

DATABASE_SERVER = ("postgresql",)
"""PostgreSQL for the tests, unpacked for the same reason; so are Prometheus and Alertmanager."""
METRICS_SERVER = ("prometheus",)
ALERT_SERVER = ("prometheus-alertmanager",)
TEST_SERVERS = (DIRECTORY_SERVER, DATABASE_SERVER, METRICS_SERVER, ALERT_SERVER)


def missing_packages(*, tests: bool = False) -> list[str]:
    """Names of the packages to install; with ``tests`` what the tests need too."""
    wanted = {**_PACKAGES, **(_FOR_TESTS if tests else {})}
    names: list[str] = []
    for file, packages in wanted.items():
        if not _is_there(file):
            names += packages.split()
    return names


def _is_there(file: str) -> bool:
    """Whether the machine has a file, given by its path, or a program by its name."""
    search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return Path(file).exists() if file.startswith("/") else bool(shutil.which(file, path=search))


def install(names: list[str]) -> None:
    """Install packages with apt-get; raises PlatformError with apt's own words."""
    if shutil.which("apt-get") is None:
        raise PlatformError(
            f"This machine has no apt-get. Install by its own means: {', '.join(names)}. "
            "Debian and Ubuntu are supported."
        )
    _apt("update")
    _apt("install", "--yes", "--no-install-recommends", *names)


def unpacked(names: tuple[str, ...]) -> Path:
    """Return the folder that holds the files of packages and of what they need beyond this machine.

    Downloads and unpacks them the first time; nothing is installed. Raises PlatformError.
    """
    folder = cache_folder() / "debian" / "-".join(names)
    if folder.exists():
        return folder
    archives, files = folder.with_suffix(".archives"), folder.with_suffix(".files")
    for each in (archives, files):
        shutil.rmtree(each, ignore_errors=True)
    (archives / "partial").mkdir(parents=True)
    _apt("update")
    download = ("install", "--yes", "--no-install-recommends", "--download-only", "--reinstall")
    _apt("-o", f"Dir::Cache::archives={archives}", *download, *names)
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(files)], check=True)
    shutil.rmtree(archives)
    files.rename(folder)
    return folder


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
            "Fix that and run `make up` again."
        )
