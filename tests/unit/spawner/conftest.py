"""A small catalogue with something of each kind, and spawners that reach no cluster."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import kubespawner.spawner
import pytest
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.catalogue.file import load_catalogue
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Team, Teams

CATALOGUE = """\
defaults: {environment: scipy, size: cpu}
environments:
  scipy:
    display_name: SciPy
    versions:
      "2026.11": {image: "example/scipy:2026.11", default: true}
      "2026.05": {image: "example/scipy:2026.05"}
      "2025.11": {image: "example/scipy:2025.11", disabled: "Too old."}
  pytorch:
    display_name: PyTorch
    versions:
      "2.9": {image: "example/pytorch:2.9"}
    access: [researchers]
  tensorflow:
    display_name: TensorFlow
    versions:
      "2.20": {image: "example/tensorflow:2.20"}
    disabled: Back on Monday.
sizes:
  cpu: {display_name: CPU only, cpu: 500m, memory: 1Gi}
  share:
    display_name: Share of a GPU
    cpu: 2
    cpu_request: 0.25
    memory: 4Gi
    memory_request: 512Mi
    gpu: {mode: mps, shares: 4, thread_percent: 20, memory: 4G, product: NVIDIA-H200}
  gpu:
    display_name: Whole GPU
    cpu: 4
    memory: 8Gi
    gpu: {mode: exclusive, product: NVIDIA-H200}
    node_selector: {pool: training}
  gpus:
    display_name: Two GPUs
    cpu: 8
    memory: 16Gi
    gpu: {mode: exclusive, count: 2}
    access: [researchers]
quotas:
  default: {sessions: 2, gpus: 1}
  groups:
    students: {sessions: 1, gpus: 0.25}
    researchers: {gpus: 4}
"""

FULL = Path(__file__).with_name("full.yaml")
TODAY = date(2026, 11, 24)
VISION = Team("vision", "Computer vision", "team-vision")
ASTRO = Team("astro", "Astronomy", "team-astro", storage_class="fast")


def namespace_of(team: Team) -> dict:
    """A team's namespace as the API server shows it."""
    annotations = {"gpucommons.io/display-name": team.display_name}
    if team.storage_class:
        annotations["gpucommons.io/storage-class"] = team.storage_class
    labels = {"gpucommons.io/team": team.name}
    return {"metadata": {"name": team.namespace, "labels": labels, "annotations": annotations}}


@pytest.fixture
async def leaping_time(monkeypatch) -> None:
    """Let the loop's clock stand while anything is to be done, and leap to what is due next.

    However long a busy machine takes over a step, no wait ends before its time or after a later
    one. Not for tests in which something outside the loop is waited for.
    """
    loop = asyncio.get_running_loop()
    selector, now = loop._selector, loop.time()
    select = selector.select

    def leap(timeout: float | None = None) -> list:
        nonlocal now
        if timeout is None:
            return select()
        now += timeout
        return select(0)

    monkeypatch.setattr(loop, "time", lambda: now)
    monkeypatch.setattr(selector, "select", leap)


@pytest.fixture(scope="session")
def catalogue_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("catalogue") / "catalogue.yaml"
    file.write_text(CATALOGUE)
    return file


@pytest.fixture(scope="session")
def catalogue(catalogue_file) -> Catalogue:
    return load_catalogue(catalogue_file)


@pytest.fixture(scope="session")
def full() -> Catalogue:
    """A catalogue with something of everything."""
    return load_catalogue(FULL)


@pytest.fixture
def teams(monkeypatch) -> Teams:
    """The teams as the hub has read them."""
    teams = Teams()
    teams.replace([namespace_of(VISION), namespace_of(ASTRO)])
    monkeypatch.setattr(GPUSpawner.hub_state, "teams", teams)
    return teams


@pytest.fixture
def make_spawner(catalogue_file, monkeypatch, teams):
    monkeypatch.setattr(kubespawner.spawner, "load_config", lambda **_: None)
    monkeypatch.setattr(kubespawner.spawner, "shared_client", lambda *_: None)
    monkeypatch.setattr(GPUSpawner.hub_state, "ledger", Ledger())

    def make(options, name="ada", groups=("researchers", "vision"), **settings) -> GPUSpawner:
        user = SimpleNamespace(
            name=name,
            id=1,
            created=datetime(2026, 11, 2, 8, 0, 0, 1),
            url=f"/user/{name}/",
            groups=[SimpleNamespace(name=group) for group in groups],
            orm_spawners={},
        )
        hub = SimpleNamespace(
            public_host="", url="http://hub", base_url="/hub/", api_url="http://hub/hub/api"
        )
        return GPUSpawner(
            _mock=True,
            user=user,
            hub=hub,
            user_options=options,
            **{"catalogue_file": str(catalogue_file), **settings},
        )

    return make
