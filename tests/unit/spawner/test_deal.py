"""What comes with a size, in words."""

import pytest
from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.picker.deal import facts, idle_terms, idle_terms_of_teams

from .conftest import ASTRO, VISION


def _with(catalogue: Catalogue, **idle) -> Catalogue:
    return Catalogue.model_validate({**catalogue.model_dump(exclude_unset=True), "idle": idle})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            {"warn_after": "1h", "stop_after": "2h"},
            "If unused: warned after 1 hour, stopped after 2 hours.",
        ),
        ({}, "If unused: warned, stopped."),
        ({"stop_after": None}, "It is not stopped for being unused."),
        (
            {"warn_after": "30m", "stop_after": "1h", "action": "release", "release_to": "cpu"},
            "If unused: warned after 30 minutes, goes on as CPU only after 1 hour.",
        ),
        (
            {"warn_after": "30m", "stop_after": "90m", "under_pressure": True},
            "If unused: warned after 30 minutes, stopped after 1 hour 30 minutes if others "
            "wait for it.",
        ),
    ],
)
def test_the_idle_rule_of_a_size_is_said(catalogue, rule, words):
    assert idle_terms(_with(catalogue, default=rule), "")["gpu"] == words


def test_schedules_that_can_apply_are_named(catalogue):
    rule = {"stop_after": None}
    schedules = [
        {"name": "nights", "hours": {}, "rule": rule},
        {"name": "course hours", "hours": {}, "rule": rule, "teams": ["vision"]},
    ]
    found = _with(catalogue, default={"warn_after": "1h", "stop_after": "2h"}, schedules=schedules)
    assert idle_terms(found, "")["cpu"].endswith(" Other rules apply during nights.")
    assert idle_terms(found, "vision")["cpu"].endswith("during nights and course hours.")


def test_only_teams_in_which_it_is_otherwise_are_listed(catalogue):
    found = _with(catalogue, teams={"astro": {"stop_after": None}})
    teams = idle_terms_of_teams(found, (ASTRO, VISION))
    assert set(teams) == {"astro"}
    assert teams["astro"]["gpu"] == "It is not stopped for being unused."


def test_only_what_is_known_of_a_start_is_said():
    assert facts("NVIDIA H200, 140 GiB", "", "the last start took 6 s") == (
        "NVIDIA H200, 140 GiB · the last start took 6 s"
    )
