"""What fails in a benchmark costs no figure that was measured."""

import json

import pytest

from bench import figure
from bench.attempt import attempt
from bench.figure import Figure
from bench.run import run
from bench.scale.figures import Load, Outcome, figures


@pytest.fixture
def results(monkeypatch, tmp_path):
    monkeypatch.setattr(figure, "RESULTS", tmp_path)
    return tmp_path


def _breaks_after_one():
    yield Figure("first", "The first", 1.0, "s")
    raise ConnectionError("the peer's hub\nhas gone")


def test_figures_before_a_failure_are_saved_and_the_next_benchmark_runs(results, capsys):
    after = [Figure("after", "After it", 2.0, "s")]
    assert run({"one": _breaks_after_one, "two": lambda: after}, ["one", "two"]) == 1
    assert {each.stem for each in results.iterdir()} == {"first", "after"}
    printed = capsys.readouterr()
    assert "The first" in printed.out
    assert "Failed, see above: one" in printed.err


def test_a_figure_that_comes_again_is_one_row_and_the_later_one(results, capsys):
    twice = [Figure("same", "Same", value, "s") for value in (1.0, 2.0)]
    assert run({"one": lambda: twice}, ["one"]) == 0
    assert capsys.readouterr().out.count("Same") == 1
    assert json.loads((results / "same.json").read_text())["value"] == 2.0


def test_a_peer_that_fails_is_a_row_that_says_so(results, capsys):
    def measure():
        value, failed = attempt(lambda: next(iter(())))
        return [Figure("row", "Row", 1.0, "s", peer="Peer", peer_value=value, peer_failed=failed)]

    assert run({"one": measure}, ["one"]) == 0
    assert "failed: StopIteration" in " ".join(capsys.readouterr().out.split())
    assert json.loads((results / "row.json").read_text())["met"] is None


def _load(cost, idle_cpu_s=1.0):
    return Load(
        cpu_per_spawn_ms=cost,
        seconds=[1.0],
        turned_away=0,
        failed=0,
        idle_cpu_s=idle_cpu_s,
        memory_mb=9.0,
    )


def test_a_peer_that_fails_half_way_keeps_its_figures_until_then():
    ours = Outcome([_load(10.0), _load(12.0), _load(14.0)])
    peer = Outcome([_load(30.0)], failure="ServerDisconnectedError: gone")
    found = {each.name: each for each in figures(ours, peer)}
    until, since = found["scale-spawn-cpu-1000"], found["scale-spawn-cpu-2000"]
    assert (until.ratio, until.met, until.peer_failed) == (10 / 30, True, "")
    assert (since.ratio, since.met) == (None, None)
    assert since.peer_failed == "ServerDisconnectedError: gone"
    assert found["scale-killed"].peer_value is None


def test_what_sessions_add_to_an_idle_hub_is_the_growth_from_the_first_step_to_the_last():
    ours = Outcome([_load(10.0, idle_cpu_s=1.5), _load(10.0, 2.0), _load(10.0, 3.5)])
    found = {each.name: each for each in figures(ours, Outcome())}
    assert found["scale-idle-growth"].value == 0.5
    assert found["scale-idle-cpu-5000"].value == 3.5
    del ours.steps[1:]
    assert "scale-idle-growth" not in {each.name for each in figures(ours, Outcome())}


def test_before_the_peer_is_measured_ours_is_given_alone():
    ours = Outcome([_load(10.0)])
    found = list(figures(ours, Outcome()))
    assert [each.value for each in found if each.name == "scale-spawn-cpu-1000"] == [10.0]
    assert {(each.peer_value, each.peer_failed) for each in found} == {(None, "")}


def test_a_name_that_is_none_is_told_with_those_that_are(capsys):
    assert run({"one": list}, ["two"]) == 2
    assert "No benchmark two. There are: one" in capsys.readouterr().err
