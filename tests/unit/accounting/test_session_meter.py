"""What a session says of its GPUs counts as far as it makes sense."""

from datetime import timedelta

import pytest
from gpucommons_accounting.recording.meters.session import address_of, readings_of
from gpucommons_contract import GPUSeries, TelemetryHistory

from .pods import pod
from .sessions import at

_BEGIN = at("2026-11-30T09:00")
_NOW = at("2026-11-30T09:15:02")
_GIB = 2**30


def _said(*loads, step=5.0, times=None, memory=None, **more) -> bytes:
    moments = tuple(_BEGIN.timestamp() + step * number for number in range(len(loads)))
    memory = memory or (_GIB,) * len(loads)
    devices = {"GPU-0": GPUSeries(loads, memory, (None,) * len(loads)), **more}
    return TelemetryHistory(step, times or moments, devices).to_json().encode()


def _found(said: bytes, now=_NOW):
    return [
        ((each.begin - _BEGIN).total_seconds(), each.percent, each.highest)
        for each in readings_of(said, now)
    ]


def test_each_step_is_a_reading_and_a_gap_is_none():
    assert _found(_said(0.0, None, 80.0)) == [(0, 0, 0), (10, 80, 80)]


def test_of_several_gpus_the_mean_and_the_busiest_are_told_where_all_are_known():
    other = GPUSeries((100.0, None), (2 * _GIB, None), (None, None))
    said = _said(0.0, 50.0, **{"GPU-1": other})
    assert _found(said) == [(0, 50, 100)]
    (reading,) = readings_of(said, _NOW)
    assert reading.memory == 3 * _GIB


def test_a_slice_whose_load_nobody_knows_is_unknown():
    assert _found(_said(None, None)) == []


def test_a_step_that_is_not_over_counts_later():
    assert _found(_said(7.0, 8.0), _BEGIN + timedelta(seconds=7)) == [(0, 7, 7)]


@pytest.mark.parametrize("moment", [-1e300, 0.0, 1e300, float("inf")])
def test_a_step_of_another_time_counts_for_nothing(moment):
    said = _said(1.0, times=(0.5,)).replace(
        b"[0.5]", f"[{moment}]".replace("inf", "1e999").encode()
    )
    assert _found(said) == []


@pytest.mark.parametrize(
    "said",
    [
        b"not json",
        b"{}",
        _said(101.0),
        _said(-1.0),
        _said(1.0, step=0.0),
        _said(1.0, step=3600.0),
        _said(*[1.0] * 301),
        _said(1.0, 2.0, times=(_BEGIN.timestamp(),) * 2),
        _said(1.0, 2.0, times=(_BEGIN.timestamp(),)),
        _said(1.0, memory=(10**30,)),
        _said(1.0, memory=(2**50,)),
        _said(1.0, memory=(-1,)),
        _said(1.0, memory=(2**49,), **{"GPU-1": GPUSeries((1.0,), (2**49,), (None,))}),
    ],
)
def test_what_makes_no_sense_is_refused(said):
    with pytest.raises(ValueError, match=r"its|the steps"):
        list(readings_of(said, _NOW))


def test_a_session_is_asked_at_its_pod_s_address():
    of_ada = pod("u1", _BEGIN, bound=_BEGIN, ready=_BEGIN)
    assert address_of(of_ada) is None
    of_ada["status"]["podIP"] = "fd00::7"
    of_ada["spec"]["containers"][0] |= {
        "env": [{"name": "JUPYTERHUB_SERVICE_PREFIX", "value": "/user/ada/second/"}],
        "ports": [{"name": "notebook-port", "containerPort": 8888}],
    }
    address = address_of(of_ada)
    assert address.url == "http://[fd00::7]:8888/user/ada/second/"
    assert address.run == ("ada", "second", "u1")
