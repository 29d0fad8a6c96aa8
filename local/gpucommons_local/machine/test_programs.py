"""Programs of other projects that the tests alone need: built apart from those of the platform."""

from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder, checkout, fingerprint
from gpucommons_local.machine.toolchain import run_logged

OBJECT_STORE = "versitygw"
"""An S3 server over a folder, with accounts, policies of buckets, versions and locks of objects."""
_PACKAGES = ("github.com/versity/versitygw/cmd/versitygw",)


def _sources() -> Path:
    return checkout() / "local" / "test_programs"


def _folder() -> Path:
    return cache_folder() / "test-programs" / fingerprint([_sources()])


def test_program(name: str) -> Path:
    """Path of one of them; raises PlatformError if not built yet."""
    path = _folder() / name
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
