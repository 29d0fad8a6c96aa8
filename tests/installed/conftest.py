"""One installation for all tests here, on a cluster of their own."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from gpucommons_local.machine.instance import Instance, load

from tests.platform import GPUCOMMONS

from .database import NodePostgreSQL
from .installation import Installation

_NAME, _PORT = "installed", 18300
PEOPLE = {"ada@example.org": "vision", "ben@example.org": "vision", "cem@example.org": "audio"}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """As the tutorial says, with what has no place here left out: Ingress and certificates."""
    shutil.rmtree(Instance(_NAME).state, ignore_errors=True)  # of a run that was cut off
    subprocess.run(
        [GPUCOMMONS, "up", "--only-cluster", "--name", _NAME, "--port", str(_PORT)], check=True
    )
    try:
        instance = load(_NAME)
        installation = Installation(instance, tmp_path_factory.mktemp("installed"))
        installation.write()
        installation.apply_base()
        with NodePostgreSQL(instance).running() as database:
            for name in ("hub", "idle"):
                database.add(name, installation.secret(f"gpucommons-database-{name}", "password"))
            installation.apply_programs()
            installation.add_people(PEOPLE)
            yield installation
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)
        shutil.rmtree(Instance(_NAME).state)
