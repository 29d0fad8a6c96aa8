"""How long the hub is busy with one picker page, beside KubeSpawner's profile list."""

import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from unittest.mock import patch

from gpucommons_spawner.availability.cluster import Cluster
from gpucommons_spawner.availability.for_person import Availability
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.picker.page import render
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.person import Person, Team
from kubespawner import KubeSpawner

from bench.figure import Figure

_PROFILES = 50
_PAGES = 200


def measure() -> list[Figure]:
    """Render both with 50 profiles of two versions, each after a first page."""
    ours, peer = _milliseconds(_our_page()), _milliseconds(_peer_page())
    return [
        Figure(
            "picker-page",
            f"Picker, {_PROFILES} profiles, p50",
            ours,
            "ms",
            target=50,
            peer=f"KubeSpawner {version('jupyterhub-kubespawner')}",
            peer_value=peer,
            samples=_PAGES,
        )
    ]


def _milliseconds(page: Callable[[], object]) -> float:
    page()
    samples = []
    for _ in range(_PAGES):
        begin = time.perf_counter()
        page()
        samples.append((time.perf_counter() - begin) * 1000)
    return statistics.median(samples)


def _our_page() -> Callable[[], object]:
    versions = {"2026.11": {"image": "example/a:1"}, "2026.05": {"image": "example/a:0"}}
    environment = {"display_name": "PyTorch", "description": "Learning", "versions": versions}
    sizes = {
        "cpu": {"display_name": "CPU only", "cpu": 2, "memory": "4Gi"},
        "gpu": {
            "display_name": "Whole GPU",
            "cpu": 4,
            "memory": "16Gi",
            "gpu": {"mode": "exclusive", "count": 1},
        },
    }
    catalogue = Catalogue.model_validate(
        {
            "environments": {f"environment-{n}": environment for n in range(_PROFILES)},
            "sizes": sizes,
        }
    )
    teams = (Team("students", "Students", "team-students"), Team("vision", "Vision", "team-vision"))
    person, ledger = Person("student", frozenset({"students", "vision"}), teams), Ledger()
    availability, today = Availability(catalogue, Cluster()), date(2026, 11, 24)

    def page() -> object:
        return render(
            catalogue,
            person,
            availability.for_person(person, ledger, ""),
            {},
            availability_url="/",
            today=today,
        )

    return page


def _peer_page() -> Callable[[], object]:
    choices = {
        each: {"display_name": each, "kubespawner_override": {"image": f"example/a:{each}"}}
        for each in ("2026.11", "2026.05")
    }
    spawner = _lone_spawner()
    spawner.profile_list = [
        {
            "slug": f"environment-{number}",
            "display_name": "PyTorch",
            "description": "Learning",
            "profile_options": {"version": {"display_name": "Version", "choices": choices}},
        }
        for number in range(_PROFILES)
    ]
    return lambda: spawner._render_options_form(spawner.profile_list)


def _lone_spawner() -> KubeSpawner:
    """Make a KubeSpawner that looks for no cluster."""
    with patch("kubespawner.spawner.load_config"), patch("kubespawner.spawner.shared_client"):
        return KubeSpawner(_mock=True)
