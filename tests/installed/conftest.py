"""One installation for all tests here, on a cluster of their own."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from gpucommons_local.machine.instance import Instance, load

from tests.people import SignedIn
from tests.platform import GPUCOMMONS

from .database import NodePostgreSQL
from .installation import Installation

_NAME, _PORT = "installed", 18300
PEOPLE = {"ada@example.org": "vision", "ben@example.org": "vision", "cem@example.org": "audio"}
GPU = {"environment": "scipy", "size": "gpu"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Instance]:
    """A cluster with nothing of ours."""
    shutil.rmtree(Instance(_NAME).state, ignore_errors=True)  # of a run that was cut off
    subprocess.run(
        [GPUCOMMONS, "up", "--only-cluster", "--name", _NAME, "--port", str(_PORT)], check=True
    )
    try:
        yield load(_NAME)
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)
        shutil.rmtree(Instance(_NAME).state)


@pytest.fixture(scope="session")
def database(cluster: Instance) -> Iterator[NodePostgreSQL]:
    """The database of the installation, beside the cluster's own objects."""
    with NodePostgreSQL(cluster).running() as database:
        yield database


@pytest.fixture(scope="session")
def installation(
    cluster: Instance, database: NodePostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """As the tutorial says, with what has no place here left out: Ingress and certificates."""
    installation = Installation(cluster, tmp_path_factory.mktemp("installed"))
    installation.write()
    installation.apply_base()
    for name in ("hub", "idle"):
        database.add(name, installation.secret(f"gpucommons-database-{name}", "password"))
    installation.apply_programs()
    installation.add_people(PEOPLE)
    return installation


@pytest.fixture(scope="session")
def sessions(installation: Installation) -> Iterator[list[SignedIn]]:
    """Somebody's session with a GPU, and one of another team."""
    with installation.network():
        people = [installation.sign_in(name) for name in ("ada@example.org", "cem@example.org")]
        for person, options in zip(people, (GPU, {"size": "cpu"}), strict=True):
            assert person.start(options)["ready"]
    yield people
    with installation.network():
        for person in people:
            person.stop_all()
            person.close()
