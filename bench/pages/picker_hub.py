"""A hub with a large catalogue on a real API server, for measurements of the picker."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from gpucommons_spawner.availability.change_signal import BEAT_SECONDS

from tests.hub.spawner.api_server import ClusterWithTeams
from tests.hub.spawner.mounted_file import MountedFile
from tests.hub.spawner.node import Node
from tests.hub.spawner.spawn_hub import SpawnHub

SIZES, ENVIRONMENTS = 50, 20
_MODES = (None, {"mode": "exclusive"}, {"mode": "mps", "shares": 4})


@contextmanager
def picker_hub() -> Iterator[SpawnHub]:
    """Start a hub that offers 50 sizes and 20 environments; nothing of it is left behind."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        api = ClusterWithTeams(folder)
        api.start()
        stack.callback(api.stop)
        node = Node(api, gpus=2, shares=4)
        node.start()
        stack.callback(node.stop)
        catalogue = MountedFile(folder / "catalogue", yaml.safe_dump(_catalogue()))
        hub = SpawnHub(
            folder, catalogue.path, api.kubeconfig, node.session_port, beat_seconds=BEAT_SECONDS
        )
        hub.start()
        stack.callback(hub.stop)
        yield hub


def _catalogue() -> dict:
    versions = {"2026.11": {"image": "example/a:1"}, "2026.05": {"image": "example/a:0"}}
    return {
        "environments": {
            f"environment-{number}": {
                "display_name": f"Environment {number}",
                "description": "Learning, plotting, and all that goes with it",
                "versions": versions,
                "access": ["astro"] if number % 4 == 3 else None,
            }
            for number in range(ENVIRONMENTS)
        },
        "sizes": {
            f"size-{number}": {
                "display_name": f"Size {number}",
                "description": "For training; nobody else uses it meanwhile",
                "cpu": 1 + number // 10,
                "memory": "2Gi",
                "gpu": _MODES[number % 3],
                "access": ["vision"] if number % 5 == 4 else None,
            }
            for number in range(SIZES)
        },
        "quotas": {"default": {"sessions": 3, "gpus": 2}, "each_team": {"gpus": 8}},
    }
