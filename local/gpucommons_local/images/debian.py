"""Debian as a base image without a registry: debootstrap from the mirror that apt uses here."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.toolchain import run_logged

RELEASE = "bookworm"
# As in Debian's own "slim" images: dpkg leaves these out, now and later, and need not wait for
# the disk after each file, since a build that is cut off starts anew.
_DPKG = """\
path-exclude /usr/share/doc/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
path-include /usr/share/doc/*/copyright
force-unsafe-io
"""
_SETTINGS = ("Acquire::http", "Acquire::Check-", "Acquire::Languages")
_LEFT_BY_APT = ("var/cache/apt", "var/lib/apt/lists", "var/log/apt")


@dataclass(frozen=True, slots=True)
class DebianTree:
    """A minimal Debian as ``rootfs.tar`` in the context."""

    def identity(self) -> str:
        """Name the release and what is left out, not the day: a base once made is kept."""
        return f"{RELEASE} {_DPKG}"

    def place(self, context: Path, log: Path) -> None:
        """Install it with debootstrap, which takes about 40 s, and pack it."""
        tree = context / "rootfs"
        sources = _apt_sources()
        mirror = [sources[0].split()[1]] if sources else []  # else debootstrap's own default
        command = ["debootstrap", "--variant=minbase", RELEASE, str(tree), *mirror]
        run_logged(command, folder=context, log=log)
        if sources:
            (tree / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in sources))
        (tree / "etc/apt/apt.conf.d/90machine").write_text(_apt_settings())
        _slim(tree)
        pack = ["tar", "--numeric-owner", "-C", str(tree), "-cf", "rootfs.tar", "."]
        run_logged(pack, folder=context, log=log)
        shutil.rmtree(tree)


def _apt_sources() -> list[str]:
    """Give lines for sources.list that match this machine's apt, the release itself first.

    Empty where apt has no Debian bookworm, on Ubuntu for example.
    """
    form = "$(ORIGIN)|$(CODENAME)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PlatformError(f"apt does not list its sources: {error}") from error
    found = {}
    for line in told.splitlines():
        origin, codename, source = line.split("|")
        if origin == "Debian" and source.endswith(" main"):
            found[codename] = source
    wanted = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")
    return [found[each] for each in wanted if each in found] if RELEASE in found else []


def _apt_settings() -> str:
    """Give the settings without which this machine's mirrors may not be usable."""
    told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    lines = [line for line in told.stdout.splitlines() if line.startswith(_SETTINGS)]
    return "".join(f"{line}\n" for line in lines if not line.endswith(' "";'))


def _slim(tree: Path) -> None:
    (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(_DPKG)
    for pattern in re.findall(r"path-exclude /(.+)/\*", _DPKG):
        for path in (tree / pattern).rglob("*"):
            if (path.is_symlink() or path.is_file()) and path.name != "copyright":
                path.unlink()
    for name in _LEFT_BY_APT:
        shutil.rmtree(tree / name)
        (tree / name).mkdir()
