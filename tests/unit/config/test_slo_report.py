"""A report on objectives: which days, how samples are summed up, what is printed of it."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_config.command import main
from gpucommons_config.slo.asked_period import PeriodError, asked_period
from gpucommons_config.slo.attainment import (
    Day,
    Gap,
    Tally,
    Verdict,
    budget_used,
    of_counters,
    of_states,
    tally,
    verdict,
)
from gpucommons_config.slo.history import Recorded
from gpucommons_config.slo.indicators import INDICATORS, unmeasured
from gpucommons_config.slo.objective import Objective, Part, read_objectives
from gpucommons_config.slo.report import Known, is_empty, report
from gpucommons_config.slo.report_lines import no_data, report_lines
from hypothesis import given
from hypothesis import strategies as st
from reference_pages.project import ROOT

BERLIN = Calendar("Europe/Berlin")
NOW = datetime(2026, 12, 1, 3, 30, tzinfo=UTC)
_DAY_S = 86_400
_ABOUT = {"alert": "Alert", "summary": "It fails.", "description": "Look."}
STARTS = Objective(name="starts", part="hub", target=99, bad="bad", valid="valid", **_ABOUT)
LAG = Objective(name="lag", part="hub", target=99, bad_while="away", **_ABOUT)


def _days(*lengths: int) -> list[Day]:
    begins = [sum(lengths[:at]) for at in range(len(lengths))]
    pairs = zip(begins, lengths, strict=True)
    return [Day(date(2026, 1, at + 1), b, b + s) for at, (b, s) in enumerate(pairs)]


def _each(seconds: int, values: Iterable[float], begin: float = 0) -> dict[float, float]:
    return {float(begin + at * seconds): float(value) for at, value in enumerate(values)}


def _asked(month=None, since=None, until=None, calendar=BERLIN, now=NOW):
    return asked_period(calendar, now, month, since, until)


def test_a_month_begins_and_ends_by_the_site_s_clock_and_changes_of_clocks_count():
    october = _asked("2026-10")
    assert october.reported.begin == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert october.reported.end == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert october.reported.hours == 31 * 24 + 1
    assert (october.first, october.last, october.over) == (
        date(2026, 10, 1),
        date(2026, 10, 31),
        True,
    )


def test_this_month_is_reported_until_now():
    asked = _asked()
    assert (asked.first, asked.last, asked.over) == (date(2026, 12, 1), date(2026, 12, 31), False)
    assert asked.reported.end == NOW


def test_days_are_reported_with_the_last_one_and_until_today_unless_it_is_said():
    asked = _asked(since="2026-11-27", until="2026-11-28")
    assert asked.reported.hours == 48
    assert asked.over
    assert _asked(since="2026-11-27").last == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"month": "2027-01"}, "--month must be 2026-12 at the latest, which is this month."),
        ({"month": "2026-13"}, "--month must be a month such as 2026-11."),
        ({"month": "1850-01"}, "--month must be a month such as 2026-11."),
        ({"month": ""}, "--month must be a month such as 2026-11."),
        ({"since": "yesterday"}, "--since must be a day such as 2026-11-27."),
        (
            {"since": "2026-11-27", "until": "2026-11-31"},
            "--until must be a day such as 2026-11-27.",
        ),
        ({"until": "2026-11-27"}, "Give --since, too: the first day, such as 2026-11-27."),
        (
            {"month": "2026-11", "since": "2026-11-27"},
            "Give --month, or --since and --until, and not both.",
        ),
        (
            {"since": "2026-11-27", "until": "2026-11-26"},
            "--until is 2026-11-26, which is before --since, 2026-11-27.",
        ),
        ({"since": "2026-12-02"}, "--since must be 2026-12-01 at the latest, which is today."),
        (
            {"since": "2026-11-27", "until": "2026-12-02"},
            "--until must be 2026-12-01 at the latest, which is today.",
        ),
    ],
)
def test_a_period_that_cannot_be_says_what_can(given, said):
    with pytest.raises(PeriodError) as raised:
        _asked(**given)
    assert str(raised.value) == said


def test_a_month_that_begins_this_moment_has_nothing_to_report():
    with pytest.raises(PeriodError, match="2026-12-01 begins just now"):
        _asked(now=datetime(2026, 11, 30, 23, tzinfo=UTC))


def test_counters_that_begin_anew_count_what_they_have_since():
    valid = _each(60, [100, 110, 4, 4, 9])
    bad = _each(60, [7, 8, 1, 1, 1])
    found = tally(of_counters(bad, valid), _days(240))
    assert (found.valid, found.bad) == (10 + 4 + 5, 1 + 1)
    assert found.gaps == []


def test_a_new_beginning_is_seen_although_there_are_as_many_failures_again():
    found = tally(of_counters(_each(60, [2, 3, 3]), _each(60, [20, 4, 5])), _days(120))
    assert (found.valid, found.bad) == (5, 3)


def test_a_new_beginning_is_seen_by_failures_alone_where_all_are_more_again():
    """Of 99 failures of 100 fifty are left of 101: those 101 all came since."""
    found = tally(of_counters(_each(60, [99, 50, 50]), _each(60, [100, 101, 103])), _days(120))
    assert (found.valid, found.bad) == (101 + 2, 50)


def test_counters_that_outlive_their_program_never_begin_anew():
    """Less than before is what a restored database has, or a rule that counts something else."""
    valid = _each(60, [1000, 1002, 990, 991])
    bad = _each(60, [40, 41, 39, 39])
    found = tally(of_counters(bad, valid, kept=True), _days(180))
    assert (found.valid, found.bad) == (2 + 1, 1)
    assert found.gaps == [Gap(60, 120)]


def test_counters_of_accounting_are_those_that_outlive_it():
    recorded = _some()
    fewer = max(recorded["starts"].valid) - 600
    for counts in (recorded["starts"].valid, recorded["starts"].bad):
        counts.update({at: max(counts[at] - 3, 0.0) for at in counts if at >= fewer})
    for part, total in (("hub", 574 - 1 + 571 + 2), ("accounting", 573 + 2)):
        starts = STARTS.model_copy(update={"part": Part(part)})
        (found,) = _report(recorded, objectives=(starts,))["objectives"]
        assert found["total"] == total, part


def test_what_happened_before_the_first_sample_is_not_known():
    found = tally(of_counters(_each(60, [3, 3], 600), _each(60, [50, 51], 600)), _days(660))
    assert (found.valid, found.bad) == (1, 0)
    assert found.gaps == [Gap(0, 600)]
    assert found.covered == Fraction(60, 660)


def test_what_a_counter_gained_in_a_gap_counts_on_no_day():
    times = [0, 300, 600, 3 * _DAY_S, 3 * _DAY_S + 300]
    valid = dict(zip(times, [0.0, 10, 20, 70, 75], strict=True))
    bad = dict(zip(times, [0.0, 0, 1, 6, 6], strict=True))
    found = tally(of_counters(bad, valid), _days(_DAY_S, _DAY_S, _DAY_S, _DAY_S))
    assert [day.valid for day in found.days] == [20, 0, 0, 5]
    assert [day.covered for day in found.days] == [600, 0, 0, 300]
    assert found.gaps == [Gap(600, 3 * _DAY_S, 5, 50), Gap(3 * _DAY_S + 300, 4 * _DAY_S)]
    assert (found.bad, found.valid) == (6, 75)


def test_a_sample_from_before_the_period_says_what_its_first_minute_had():
    valid = _each(60, [5, 6, 8], -90)
    found = tally(of_counters(dict.fromkeys(valid, 0.0), valid), _days(30))
    assert (found.valid, found.gaps) == (2, [])


def test_midnight_s_sample_belongs_to_the_day_before():
    found = tally(of_counters(_each(50, [0, 1, 3, 3]), _each(50, [0, 1, 3, 7])), _days(100, 50))
    assert [(day.bad, day.valid) for day in found.days] == [(3, 3), (0, 4)]


def test_a_moment_without_one_of_two_counters_is_not_known():
    valid = _each(60, range(20))
    bad = {at: 0.0 for at in valid if not 300 <= at <= 900}
    found = tally(of_counters(bad, valid), _days(1140))
    assert found.gaps == [Gap(240, 960, 0, 12)]


def test_of_time_each_sample_is_a_minute_and_a_gap_is_none():
    states = _each(60, [0, 1, 1, 0], 60) | _each(60, [1, 0], 3600)
    found = tally(of_states(states), _days(3660))
    assert (found.valid, found.bad) == (6, 3)
    assert found.gaps == [Gap(240, 3540)]


def test_nothing_recorded_is_all_gap():
    assert tally([], _days(60, 60)).gaps == [Gap(0, 120)]
    found = tally(of_counters({}, {}), _days(60))
    assert (found.covered, verdict(found, Fraction("0.01"))) == (0, Verdict.NOT_MEASURED)


def test_the_minutes_before_now_need_no_sample_yet():
    found = tally(of_counters(_each(60, [0, 0]), _each(60, [0, 1])), _days(90))
    assert found.covered == 1


@pytest.mark.parametrize(
    ("bad", "valid", "covered", "expected"),
    [
        (10, 1000, 1000, Verdict.MET),
        (11, 1000, 1000, Verdict.MISSED),
        (11, 1000, 1, Verdict.MISSED),
        (0, 1000, 990, Verdict.MET),
        (0, 1000, 989, Verdict.MET_WHERE_MEASURED),
        (5, 1000, 995, Verdict.MET),
        (5, 1000, 994, Verdict.MET_WHERE_MEASURED),
        (0, 0, 1000, Verdict.NO_EVENTS),
        (0, 0, 0, Verdict.NOT_MEASURED),
    ],
)
def test_what_is_not_known_never_counts_as_good(bad, valid, covered, expected):
    """With a target of 99 %; of 1,000 seconds so many are covered.

    5 of 1,000 are bad in 995 of 1,000 seconds: at worst 0.995 of 0.5 %, and 0.5 % more.
    """
    gaps = [Gap(covered, 1000)] if covered < 1000 else []
    (day,) = _days(1000)
    found = Tally([day._replace(bad=bad, valid=valid, covered=covered)], gaps)
    assert verdict(found, Fraction("0.01")) is expected


def test_the_budget_is_what_may_be_bad():
    found = tally(of_counters(_each(60, [0, 3]), _each(60, [0, 3000])), _days(60))
    assert budget_used(found, Fraction("0.001")) == 1
    assert budget_used(found, Fraction("0.01")) == Fraction(1, 10)
    assert budget_used(tally([], _days(60)), Fraction("0.01")) is None


@given(
    st.lists(
        st.tuples(st.integers(1, 900), st.integers(0, 9), st.integers(0, 9), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_days_and_gaps_make_up_the_whole_whatever_was_recorded(told):
    """Each sample: seconds after the one before, good and bad events since, and a new beginning."""
    bad, valid = {0.0: 0.0}, {0.0: 0.0}
    at, bad_count, valid_count, all_bad, all_valid = 0.0, 0.0, 0.0, 0, 0
    for seconds, more_good, more_bad, anew in told:
        at += seconds
        begun = anew and more_good + more_bad < valid_count  # or else nobody can see it
        bad_count = more_bad if begun else bad_count + more_bad
        valid_count = more_good + more_bad if begun else valid_count + more_good + more_bad
        all_bad, all_valid = all_bad + more_bad, all_valid + more_good + more_bad
        bad[at], valid[at] = bad_count, valid_count
    half = max(int(at) // 2, 1)
    days = _days(half, max(int(at) - half, 1))
    found = tally(of_counters(bad, valid), days)
    assert (found.bad, found.valid) == (all_bad, all_valid)
    length = days[-1].end
    assert found.covered == 1 - Fraction(sum(gap.end - gap.begin for gap in found.gaps)) / Fraction(
        length
    )
    assert all(0 <= day.covered <= day.end - day.begin for day in found.days)


def _report(recorded, *, loaded=None, retention=None, now=NOW, objectives=(STARTS, LAG)):
    asked = asked_period(Calendar("UTC"), now, None, "2026-11-01", "2026-11-02")
    return report(objectives, recorded, asked, Known(loaded, retention), now)


def _some() -> dict[str, Recorded]:
    """Two days in which one start of 576 fails on the second; of lag nothing is recorded."""
    begin = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    moments = [begin + 300.0 * at for at in range(577)]
    valid = {at: float(count) for count, at in enumerate(moments)}
    bad = {at: float(at >= begin + _DAY_S + 600) for at in moments}
    return {"starts": Recorded(bad, valid), "lag": Recorded()}


def test_a_report_as_json_has_these_keys_and_values():
    said = _report(_some(), loaded={"starts"}, retention="90d")
    starts, lag = said.pop("objectives")
    left_out = said.pop("not_measured")
    assert said == {
        "first_day": "2026-11-01",
        "last_day": "2026-11-02",
        "time_zone": "UTC",
        "begin": "2026-11-01T00:00:00Z",
        "end": "2026-11-03T00:00:00Z",
        "over": True,
        "retention": "90d",
        "retention_too_short": False,
    }
    assert starts == {
        "name": "starts",
        "target_percent": 99,
        "unit": "events",
        "verdict": "met",
        "measured_percent": 99.826389,
        "good": 575,
        "bad": 1,
        "total": 576,
        "budget_used": 0.173611,
        "covered": 1.0,
        "rules_loaded": True,
        "worst_days": ["2026-11-02"],
        "days": [
            {"day": "2026-11-01", "bad": 0, "total": 288, "covered": 1.0},
            {"day": "2026-11-02", "bad": 1, "total": 288, "covered": 1.0},
        ],
        "gaps": [],
    }
    assert lag["verdict"] == "not-measured"
    assert (lag["unit"], lag["measured_percent"], lag["budget_used"]) == ("minutes", None, None)
    assert (lag["covered"], lag["rules_loaded"]) == (0, False)
    assert lag["gaps"] == [
        {"begin": "2026-11-01T00:00:00Z", "end": "2026-11-03T00:00:00Z", "bad": 0, "total": 0}
    ]
    assert left_out[0] == {
        "name": "sign-in",
        "about": INDICATORS["sign-in"],
        "why": "the file of objectives has none of this name",
    }


def test_a_report_is_a_table_and_what_is_not_known():
    said = _report(_some(), loaded={"starts"}, retention="90d", objectives=(STARTS, LAG))
    said["not_measured"] = said["not_measured"][5:6]
    assert list(report_lines(said)) == [
        "2026-11-01 to 2026-11-02, in days of UTC",
        "",
        "Objective    Target   Measured        Good       Total  Unit     Budget used  Covered  "
        "Result",
        "starts         99 %    99.82 %         575         576  events        17.4 %  100.0 %  "
        "met",
        "lag            99 %                                                             0.0 %  "
        "not measured",
        "",
        "Worst days",
        "  starts: bad events 2026-11-02 (1 of 288)",
        "",
        "Not known",
        "  lag: its rules are not loaded: what `gpucommons slo rules` prints",
        "",
        "Not measured",
        "  false-stops: stops of idle sessions after which the same is not started anew at once: "
        "the file of objectives has none of this name",
    ]


def test_gaps_are_printed_by_the_site_s_clock_the_longest_ones():
    recorded = _some()
    begin = min(recorded["starts"].valid)
    hidden = [(3600 * hour, 3600 * hour + 600 * hour) for hour in range(1, 6)]
    for first, last in hidden:
        for at in [at for at in recorded["starts"].valid if first < at - begin < last]:
            del recorded["starts"].valid[at]
    said = _report(recorded)
    said["time_zone"] = "Europe/Berlin"
    (line,) = (each for each in report_lines(said) if each.startswith("  starts: 2026"))
    assert line == (
        "  starts: 2026-11-01 04:00 to 2026-11-01 04:30 (0 of 6 were bad at least), "
        "2026-11-01 05:00 to 2026-11-01 05:40 (0 of 8 were bad at least), "
        "2026-11-01 06:00 to 2026-11-01 06:50 (0 of 10 were bad at least), "
        "and 2 more, 30 minutes together"
    )


def test_a_figure_never_looks_better_than_it_is():
    recorded = _some()
    starts = recorded["starts"]
    starts.bad.update({at: 6.0 for at in starts.bad if starts.bad[at]})
    (row,) = (line for line in report_lines(_report(recorded)) if line.startswith("starts "))
    assert "98.95 %" in row, "6 of 576 are 98.958 % good"
    assert "104.2 %" in row
    assert row.endswith("missed")


def test_a_retention_that_is_shorter_than_the_period_is_told():
    for retention, short in (("15d", True), ("4w3d or 20GiB", False), ("20GiB", False)):
        said = _report(_some(), retention=retention)
        assert said["retention_too_short"] is short, retention
        lines = [line for line in report_lines(said) if f"for {retention}" in line]
        assert len(lines) == short


def test_a_period_that_is_not_over_says_so():
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    asked = asked_period(Calendar("UTC"), now, "2026-11", None, None)
    said = report([STARTS], _some(), asked, Known(None, None), now)
    assert (said["over"], said["objectives"][0]["total"]) == (False, 432)
    first = next(iter(report_lines(said)))
    assert first == "2026-11-01 to 2026-11-30, in days of UTC; so far, until 2026-11-02 12:00"


@pytest.mark.parametrize(
    ("loaded", "retention", "why"),
    [
        ((), "15d", "the rules of these objectives are not loaded. Load what `gpucommons slo"),
        ({"lag"}, "15d", "it keeps samples for 15d, which is too short for that."),
        (None, "15d", "it keeps samples for 15d, which is too short for that."),
        ({"lag"}, "90d", "the rules recorded nothing then."),
    ],
)
def test_a_report_with_nothing_says_why(loaded, retention, why):
    said = _report({"starts": Recorded(), "lag": Recorded()}, loaded=loaded, retention=retention)
    assert is_empty(said)
    text = no_data(said, "http://p:9090")
    assert text.startswith("Prometheus at http://p:9090 has nothing of 2026-11-01 to 2026-11-02: ")
    assert why in text
    assert not is_empty(_report(_some()))


def test_the_default_objectives_measure_each_indicator_and_another_file_says_what_it_leaves_out():
    objectives = read_objectives()
    assert {each.name for each in objectives} == INDICATORS.keys()
    assert list(unmeasured(objectives)) == []
    (left_out,) = unmeasured(each for each in objectives if each.name != "files")
    assert (left_out.name, left_out.about) == ("files", INDICATORS["files"])
    assert left_out.why == "the file of objectives has none of this name"


def _cells(heading: str) -> dict[str, list[str]]:
    """The rows of a table of the page of service levels by their first cell, without the marks."""
    text = (ROOT / "docs" / "reference" / "service-levels.md").read_text()
    (section,) = re.findall(rf"^## {heading}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", section, re.MULTILINE)
    return {name: [cell.strip(" `") for cell in cells.split("|")] for name, cells in rows}


def test_the_page_to_sign_promises_what_the_objectives_say_and_nothing_else():
    objectives = read_objectives()
    targets = {name: cells[1] for name, cells in _cells("Objectives").items()}
    assert targets == {each.name: f"{each.target:g} %" for each in objectives}
    may_be_bad = {name: cells[2] for name, cells in _cells("Objectives").items()}
    assert may_be_bad.pop("accounting") == "3 h 36 min of 30 days"  # 43,200 min of which 0.5 %
    for each in objectives:
        if each.bad_while is None:
            assert may_be_bad[each.name] == f"{1000 * each.budget:g} of 1,000"
    assert _cells("How each is measured").keys() == targets.keys()


def _fails(capsys, *arguments: str) -> str:
    assert main(["slo", "report", "--prometheus", "http://127.0.0.1:9", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_file_that_cannot_be_used_is_told_before_anything_is_asked(tmp_path, capsys):
    empty, two = tmp_path / "empty", tmp_path / "two"
    empty.write_text("\n")
    two.write_text("a\nb\n")
    none = tmp_path / "none"
    for file, said in (
        (empty, f"{empty} must hold one line, the token alone."),
        (two, f"{two} must hold one line"),
        (none, f"{none} cannot be read: No such file or directory. Correct --token-file."),
    ):
        assert said in _fails(capsys, "--token-file", str(file))
    assert f"The file {none} cannot be used" in _fails(capsys, "--ca", str(none))
    assert f"{none}: No such file or directory" in _fails(capsys, str(none))


def test_the_site_s_time_zone_is_that_of_accounting_unless_another_is_given(
    tmp_path, capsys, monkeypatch
):
    values = tmp_path / "values.yaml"
    values.write_text("Accounting: {time_zone: Europe/Berlni}")
    monkeypatch.setenv("GPUCOMMONS_VALUES", str(values))
    said = _fails(capsys)
    assert said.startswith("Accounting.time_zone in the file of GPUCOMMONS_VALUES: 'Europe/Berlni'")
    assert "--time-zone: 'Mars' is no time zone" in _fails(capsys, "--time-zone", "Mars")
    assert "does not answer" in _fails(capsys, "--time-zone", "UTC")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prometheus", "prometheus:9090"], "must be http://HOST:PORT or https://HOST:PORT"),
        (["--prometheus", "http://ada:secret@p"], "without user, password or query"),
        (["--prometheus", "http://p", "--label", "cluster"], "cluster must be NAME=VALUE"),
        (["--prometheus", "http://p", "--label", "slo=a"], "slo is what the objectives say"),
        (["--prometheus", "http://p", "--label", "a=\x07"], "must be NAME=VALUE"),
        ([], "the following arguments are required: --prometheus"),
    ],
)
def test_an_argument_that_cannot_be_says_what_can(capsys, arguments, said):
    with pytest.raises(SystemExit):
        main(["slo", "report", *arguments])
    assert said in capsys.readouterr().err


def test_a_label_has_one_value(capsys):
    said = _fails(capsys, "--label", "cluster=a", "--label", "cluster=b")
    assert said == "--label cluster is given twice. A report is about one installation.\n"


def test_a_long_past_month_is_split_into_days_of_its_own_zone():
    asked = _asked("2026-10")
    said = report([STARTS], {"starts": Recorded()}, asked, Known(None, None), NOW)
    days = said["objectives"][0]["days"]
    assert (len(days), days[0]["day"], days[-1]["day"]) == (31, "2026-10-01", "2026-10-31")
    spans = [
        end - begin for begin, end in ((e.begin, e.end) for _, e in BERLIN.days(asked.reported))
    ]
    assert spans[24] == timedelta(hours=25)
