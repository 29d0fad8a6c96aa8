"""Sessions that were exported come into another record, and are the same there."""

import csv
import io
import json
from decimal import Decimal

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.recording.importing import (
    Importing,
    ImportRefusedError,
    imported_json,
)
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.web.capacity.busy import Busy
from gpucommons_accounting.web.exports import charges_csv, csv_heading
from gpucommons_config.command import main

from .sessions import at, fact, facts

_NOVEMBER = Calendar("UTC").month(2026, 11)
_LATER = at("2027-01-01T00:00")
_PRICES = [Price("", Decimal("1.25"), at("2026-01-01")), Price("", Decimal(3), at("2026-11-10"))]
_BEFORE = (
    "ResourceId,ChargePeriodStart,ChargePeriodEnd,ConsumedQuantity,x_Person,SubAccountName,x_Gpus\n"
    "17,2026-11-02T08:00:00+01:00,2026-11-02T10:00:00+01:00,1,ada,vision,0.5\n"
    "18,2026-11-03T08:00:00+01:00,2026-11-03T09:00:00+01:00,,ben,audio,2\n"
)
"""As somebody writes it who had another scheduler before."""


def _learnt():
    """Sessions of all kinds: a share over a change of price, one that never was ready, one whose
    end nobody saw, one without a GPU, and one of a person with a name for spreadsheets.
    """
    share = {"units": "0.142857142", "person_since": "2026-01-07T08:00:00Z", "team_uid": "uid-v"}
    yield from facts("2026-11-09T22:00:00.123456", "2026-11-10T03:00", "a", **share)
    chosen = {"person": "ben", "team": "audio", "units": "4", "server": "=two"}
    yield fact("created", "2026-11-12T08:00", **chosen)("b")
    yield fact("bound", "2026-11-12T08:30", node="n1", product="H100")("b")
    yield fact("ended", "2026-11-12T09:00", Source.KUBELET)("b")
    yield from facts("2026-11-13T08:00", None, "c")
    yield fact("missing", "2026-11-13T10:00", Source.ACCOUNTING, by="2026-11-13T11:00:00+00:00")(
        "c"
    )
    yield from facts("2026-11-14T08:00", "2026-11-14T10:00", "d", units="0", product="")
    yield from facts("2026-11-15T08:00", "2026-11-15T10:00", "e", person="@eve", team="")
    yield fact("stopping", "2026-11-15T09:59", Source.HUB)("e")
    yield fact("reason", "2026-11-15T10:00", Source.HUB, code="idle", by="culler")("e")


def _exported(store: Store) -> str:
    sessions = store.sessions(_NOVEMBER)
    known = Busy(sessions, {}, _NOVEMBER, _LATER)
    return csv_heading() + charges_csv(known, PriceList(_PRICES), "EUR")


def _reports(store: Store):
    for by in By:
        said = store.report(_NOVEMBER, _LATER, by)
        yield by, said.lines, said.total


@pytest.fixture
def there(tmp_path):
    """Another installation's record."""
    store = Store(f"sqlite:///{tmp_path / 'there.sqlite'}", patience_seconds=10)
    store.open()
    store.make_totals()
    yield store
    store.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "november.csv"


def _imported(store: Store, file, **how):
    importing = Importing(store, "old")
    importing.check(file)
    return importing.take(file, _LATER, **how)


def _priced(store: Store) -> None:
    for price in _PRICES:
        store.set_price(price, "root", _LATER)


def test_what_was_exported_gives_the_same_report_in_an_empty_record(store, there, file):
    store.make_totals()
    for each in (store, there):
        _priced(each)
    store.add(list(_learnt()), _LATER)
    file.write_text(_exported(store), newline="")
    found = _imported(there, file)
    assert (found.sessions, found.left_out, found.not_priced) == (5, 0, set())
    assert list(_reports(there)) == list(_reports(store))
    own = {row["ResourceId"] for row in csv.DictReader(io.StringIO(_exported(there)))}
    assert own.isdisjoint("abcde")


def test_imported_twice_and_rebuilt_nothing_changes(store, there, file):
    store.add(list(_learnt()), _LATER)
    file.write_text(_exported(store), newline="")
    _imported(there, file)
    before, sessions = list(_reports(there)), there.sessions(_NOVEMBER)
    again = _imported(there, file)
    assert (again.sessions, again.same) == (0, 5)
    assert there.rebuild() == 5
    assert (list(_reports(there)), there.sessions(_NOVEMBER)) == (before, sessions)


def test_a_session_that_is_there_otherwise_is_named_and_left_out(there, file):
    file.write_text(_BEFORE)
    _imported(there, file)
    before = there.sessions(_NOVEMBER)
    file.write_text(_BEFORE.replace("10:00:00", "12:00:00").replace(",1,ada", ",2,ada"))
    found = _imported(there, file)
    assert (found.sessions, found.same, found.left_out) == (0, 1, 1)
    assert found.named == ["line 2: session 17 is in the record already, and otherwise."]
    assert there.sessions(_NOVEMBER) == before


def test_ones_own_sessions_and_those_that_still_run_are_left_out(store, there, file):
    store.add(facts("2026-11-13T08:00", None, "c"), _LATER)
    store.add(facts("2026-11-13T08:00", "2026-11-13T09:00", "d"), _LATER)
    file.write_text(_exported(store), newline="")
    assert [each.partition(": ")[2] for each in _imported(store, file).named] == [
        "session c still ran when it was written.",
        "session d is this installation's own, and in the record.",
    ]
    assert _imported(there, file).sessions == 1


def test_a_file_of_before_needs_few_columns_and_a_dry_run_writes_nothing(store, file):
    file.write_text(_BEFORE)
    said = imported_json(_imported(store, file, dry_run=True), dry_run=True)
    assert store.sessions(_NOVEMBER) == []
    wanted = {"sessions": 2, "gpu_hours": "3.000000", "people": 2, "teams": 2, "not_priced": [""]}
    assert wanted.items() <= said.items()
    assert (said["begin"], said["end"]) == (
        "2026-11-02T07:00:00+00:00",
        "2026-11-03T08:00:00+00:00",
    )
    _imported(store, file)
    charged = {
        line.about.name: line.usage.charged
        for line in store.report(_NOVEMBER, _LATER, By.TEAM).lines
    }
    assert charged == {"vision": 3_600_000_000, "audio": 7_200_000_000}


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("x_Person", "x_Who", "line 1, x_Person: this column is missing."),
        ("ben", "", "line 3, x_Person: it is empty."),
        ("2026-11-02T10:00", "today", "line 2, ChargePeriodEnd: 'today:00+01:00' is no moment"),
        ("09:00:00+01:00", "09:00:00", "line 3, ChargePeriodEnd: '2026-11-03T09:00:00' is no"),
        ("T09:00", "T07:00", "line 3, ChargePeriodEnd: it is before ChargePeriodStart."),
        ("audio,2", "audio,two", "line 3, x_Gpus: 'two' is no number from 0."),
        (",1,ada", ",2,ada", "line 2, ConsumedQuantity: it must be x_Gpus times the hours"),
        ("audio,2", "audio,2,3", "line 3, all: it has another number of values"),
        ("18,", "17,", "line 3, x_Gpus: it is another number than a line before."),
        ("ben,audio,2\n", 'ben,"audio,2\n', "line 3, all: unexpected end of data."),
    ],
)
def test_a_mistake_is_told_with_its_place_before_anything_is_written(
    store, file, old, new, mistake
):
    file.write_text(_BEFORE.replace(old, new))
    with pytest.raises(ImportRefusedError) as refused:
        _imported(store, file)
    assert refused.value.mistakes[0].startswith(mistake)
    assert store.sessions(_NOVEMBER) == []


def test_lines_of_a_session_that_are_not_together_are_a_mistake(store, file):
    file.write_text(_BEFORE + _BEFORE.splitlines(keepends=True)[1])
    with pytest.raises(ImportRefusedError, match="line 4, ResourceId: session 17 is further up"):
        _imported(store, file)


def test_what_another_installation_calls_the_same_is_another_session(store, file):
    file.write_text(_BEFORE)
    _imported(store, file)
    assert Importing(store, "other").take(file, _LATER).sessions == 2


def test_the_command_says_what_came_and_what_is_wrong(tmp_path, file, monkeypatch, capsys):
    monkeypatch.delenv("GPUCOMMONS_VALUES", raising=False)
    url = f"sqlite:///{tmp_path / 'accounting.sqlite'}"
    words = ["usage", "import", str(file), "--installation", "old", "--db-url", url]
    file.write_text(_BEFORE)
    assert main([*words, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sessions"] == 2
    assert main(words) == 0
    assert "Imported 2 sessions of 2 people in 2 teams: 3.00 GPU-hours" in capsys.readouterr().out
    file.write_text(_BEFORE.replace("ben", ""))
    assert main(words) == 1
    said = capsys.readouterr().err
    assert f"{file}, line 3, x_Person: it is empty." in said
    assert "Nothing was imported." in said
