"""A report on objectives, of what a real Prometheus has kept: right answers are reckoned by hand.

Days are those of Europe/Berlin, unless a test says otherwise. In March 2025 a day has 23 hours.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from gpucommons_config.command import main
from gpucommons_config.slo.objective import DEFAULT_FILE, Part, read_objectives
from gpucommons_config.slo.rules import rules_text
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates

from .processes import free_port
from .prometheus import Exporter, Prometheus

Figure = tuple[str, float, datetime]

_FIVE, _MINUTE = timedelta(minutes=5), timedelta(minutes=1)
_READ = {"slo:sli_valid:total", "slo:sli_bad:total", "slo:sli_bad:state"}
_ZONE = ("--time-zone", "Europe/Berlin")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def _moments(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += step


class Starts:
    """Counters of starts, one of which comes every five minutes."""

    def __init__(self) -> None:
        self.valid = self.bad = 0
        self.figures: list[Figure] = []

    def until(self, begin: str, end: str, bad: Callable[[datetime], bool] = lambda _: False):
        """After begin: a start every five minutes until end."""
        for at in _moments(_at(begin) + _FIVE, _at(end), _FIVE):
            self.seen(at, self.valid + 1, self.bad + bad(at))

    def seen(self, at: datetime, valid: int, bad: int) -> None:
        self.valid, self.bad = valid, bad
        self.figures.append(('slo:sli_valid:total{slo="start-success"}', valid, at))
        self.figures.append(('slo:sli_bad:total{slo="start-success"}', bad, at))


def _between(*spans: tuple[str, str]) -> Callable[[datetime], bool]:
    read = [(_at(begin), _at(end)) for begin, end in spans]
    return lambda at: any(begin <= at < end for begin, end in read)


_APRIL = _between(
    ("2025-04-10T10:00", "2025-04-10T15:00"),  # 60 starts
    ("2025-04-12T09:00", "2025-04-12T09:05"),
    ("2025-04-20T08:00", "2025-04-20T11:20"),  # 40
    ("2025-04-25T09:00", "2025-04-25T09:05"),
)
_LATE = _between(("2025-04-03T12:00", "2025-04-03T15:36"))
"""216 minutes: what 99.5 % of April leave."""


def _starts() -> list[Figure]:
    starts = Starts()
    starts.until("2025-02-28T23:55", "2025-04-01")
    starts.until("2025-04-01", "2025-05-01", _APRIL)
    starts.until("2025-05-01", "2025-05-05T11:55")
    starts.seen(_at("2025-05-05T12:00"), valid=1, bad=1)
    starts.until("2025-05-05T12:00", "2025-05-06T11:55")
    starts.seen(_at("2025-05-06T12:00"), valid=0, bad=0)
    starts.until("2025-05-06T12:00", "2025-05-10")
    starts.seen(_at("2025-05-13"), starts.valid + 30, starts.bad + 2)
    starts.until("2025-05-13", "2025-05-20T06:00")
    starts.seen(_at("2025-05-20T18:00"), valid=7, bad=3)
    starts.until("2025-05-20T18:00", "2025-06-01")
    return starts.figures


def _known_minutes() -> Iterator[Figure]:
    for at in _moments(_at("2025-03-31T23:59"), _at("2025-05-01"), _MINUTE):
        yield 'slo:sli_bad:state{slo="accounting"}', int(_LATE(at)), at


def _of_two_clusters() -> Iterator[Figure]:
    for cluster, count in (("a", 10), ("b", 20)):
        for name in ("bad", "valid"):
            figure = f'slo:sli_{name}:total{{slo="start-success",cluster="{cluster}"}}'
            for value, at in enumerate(_moments(_at("2025-08-01"), _at("2025-08-01T00:05"), _FIVE)):
                yield figure, value * count * (name == "valid"), at


_JULY, _FOUR_HOURS = datetime(2025, 7, 1, tzinfo=UTC), timedelta(hours=4)


def _measured() -> Iterator[Figure]:
    """What parts of ours say in four hours of which no rule has recorded anything yet.

    Accounting goes on in another pod after two; the hub is started again at 02:30. Nothing happens
    in the first and the last five minutes: rules are tried at some second of each minute.
    """
    for at in _moments(_JULY - 10 * _MINUTE, _JULY + _FOUR_HOURS, _MINUTE):
        minute = min(max((at - _JULY) // _MINUTE, 5), 235)
        pod = "a" if minute < 120 else "b"
        starts = f'gpucommons_starts_total{{pod="{pod}",outcome='
        yield f'{starts}"ready",fault=""}}', 50 + minute // 10, at
        if minute >= 60:
            yield f'{starts}"failed",fault="platform"}}', 1 + (minute >= 180), at
        if minute >= 70:
            yield f'{starts}"failed",fault="person"}}', 9, at
        ended = f'gpucommons_sessions_ended_total{{pod="{pod}",reason='
        yield f'{ended}"person"}}', 50 + minute // 60, at
        if minute >= 90:
            yield f'{ended}"node-lost"}}', 1, at
        yield f'{ended}"unknown"}}', 50 + minute // 30, at
        lag = 300 if 30 <= minute < 60 else 10
        yield f'gpucommons_accounting_lag_seconds{{pod="{pod}"}}', lag, at
        pages = minute + 100 if minute < 150 else minute - 150
        slow = 3 * (100 <= minute < 150) + 2 * (minute >= 160)
        name = "jupyterhub_request_duration_seconds"
        labels = 'handler="jupyterhub.handlers.pages.SpawnHandler",method="GET",code="200"'
        yield f"{name}_count{{{labels}}}", pages, at
        yield f'{name}_bucket{{{labels},le="1.0"}}', pages - slow, at


def _sorted(figures: Iterator[Figure] | list[Figure]) -> list[Figure]:
    """A file of figures has all of one metric together."""
    return sorted(figures, key=lambda each: each[0].partition("{")[0])


@pytest.fixture(scope="module")
def rules(tmp_path_factory) -> Path:
    """The rules of both parts, as Prometheus reads them."""
    spec = [yaml.safe_load(rules_text(part, read_objectives()))["spec"] for part in Part]
    file = tmp_path_factory.mktemp("rules") / "rules.yaml"
    file.write_text(
        yaml.safe_dump({"groups": [group for each in spec for group in each["groups"]]})
    )
    return file


@pytest.fixture
def recording(tmp_path, rules) -> Path:
    """Those of them that a report reads what they record: others take long to be made up for."""
    said = yaml.safe_load(rules.read_text())
    for group in said["groups"]:
        group["rules"] = [each for each in group["rules"] if each.get("record") in _READ]
    file = tmp_path / "recording.yaml"
    file.write_text(yaml.safe_dump(said))
    return file


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, rules) -> Iterator[Prometheus]:
    past = [*_starts(), *_known_minutes(), *_of_two_clusters(), *_measured()]
    folder = tmp_path_factory.mktemp("prometheus")
    prometheus = Prometheus(folder, past=_sorted(past), rules=[rules])
    prometheus.start()
    yield prometheus
    prometheus.stop()


@pytest.fixture
def tell(capsys, prometheus):
    """Run the command; returns what it printed as JSON, or with text=True in lines."""

    def run(*arguments: str, url: str = prometheus.url, text: bool = False):
        code = main(
            ["slo", "report", "--prometheus", url, *([] if text else ["--json"]), *arguments]
        )
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return captured.out.splitlines() if text else json.loads(captured.out)

    return run


@pytest.fixture
def restarting(tmp_path) -> str:
    """Objectives all of which are measured by what begins anew with its program."""
    file = tmp_path / "slos.yaml"
    file.write_text(DEFAULT_FILE.read_text().replace("part: accounting", "part: hub"))
    return str(file)


@pytest.fixture
def fails(capsys, prometheus):
    """Run the command, which fails; returns what it says."""

    def run(*arguments: str, url: str = prometheus.url) -> str:
        assert main(["slo", "report", "--prometheus", url, *arguments]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    return run


def _of(said: dict, name: str) -> dict:
    (found,) = (each for each in said["objectives"] if each["name"] == name)
    return found


def _figures(said: dict, name: str) -> tuple[object, ...]:
    found = _of(said, name)
    names = ("good", "bad", "total", "measured_percent", "budget_used", "covered", "verdict")
    return tuple(found[each] for each in names)


def test_a_month_without_a_failure_is_all_good_and_as_long_as_it_is(tell):
    said = tell("--month", "2025-03", *_ZONE)
    starts = 12 * (31 * 24 - 1)
    assert _figures(said, "start-success") == (starts, 0, starts, 100, 0, 1, "met")
    assert _of(said, "start-success")["days"][29] == {
        "day": "2025-03-30",
        "bad": 0,
        "total": 12 * 23,
        "covered": 1,
    }
    assert _figures(said, "sign-in") == (0, 0, 0, None, None, 0, "not-measured")
    assert said["not_measured"] == []
    assert (said["over"], said["retention"], said["retention_too_short"]) == (True, "100y", False)


def test_a_month_of_failures_has_used_more_than_its_budget_and_names_the_worst_days(tell):
    said = tell("--month", "2025-04", *_ZONE)
    used = round(102 / 86.4, 6)  # 1 % of 8,640 starts may fail
    measured = round(100 * (8640 - 102) / 8640, 6)
    expected = (8538, 102, 8640, measured, used, 1, "missed")
    assert _figures(said, "start-success") == expected
    worst = ["2025-04-10", "2025-04-20", "2025-04-12"]
    assert _of(said, "start-success")["worst_days"] == worst
    bad = {each["day"]: each["bad"] for each in _of(said, "start-success")["days"]}
    assert [bad[day] for day in worst] == [60, 40, 1]
    assert sum(bad.values()) == 102
    minutes = 60 * 24 * 30
    assert _figures(said, "accounting") == (minutes - 216, 216, minutes, 99.5, 1, 1, "met")


def test_counters_of_accounting_that_are_lower_than_before_are_a_gap(tell):
    """As after its database was restored; its counters outlive restarts."""
    found = _of(tell("--month", "2025-05", *_ZONE), "start-success")
    assert (found["total"], found["bad"]) == (8928 - 864 - 144 - 2 + 30, 2)
    assert found["covered"] == round((31 * 24 - 72 - 12 - 1 / 6) / (31 * 24), 6)
    first, second, third, last = found["gaps"]
    for gap, day in ((first, "05"), (second, "06")):
        begin, end = f"2025-05-{day}T09:55:00Z", f"2025-05-{day}T10:00:00Z"
        assert gap == {"begin": begin, "end": end, "bad": 0, "total": 0}
    assert (third["bad"], third["total"], last["bad"], last["total"]) == (2, 30, 0, 0)


def test_resets_count_from_zero_and_gaps_are_not_covered(tell, restarting):
    """Of 8,928 times five minutes 864 and 144 are not watched, in which counters gain 30 and 7 at
    least. One of the two resets hides a start.
    """
    said = tell("--month", "2025-05", *_ZONE, restarting)
    found = _of(said, "start-success")
    assert (found["total"], found["bad"]) == (8928 - 864 - 144 - 1 + 30 + 7, 1 + 2 + 3)
    assert found["covered"] == round((31 * 24 - 72 - 12) / (31 * 24), 6)
    assert found["verdict"] == "met-where-measured"
    assert found["worst_days"] == ["2025-05-05"]
    assert found["gaps"] == [
        {"begin": "2025-05-09T22:00:00Z", "end": "2025-05-12T22:00:00Z", "bad": 2, "total": 30},
        {"begin": "2025-05-20T04:00:00Z", "end": "2025-05-20T16:00:00Z", "bad": 3, "total": 7},
    ]
    days = {each["day"]: each for each in found["days"]}
    assert days["2025-05-11"] == {"day": "2025-05-11", "bad": 0, "total": 0, "covered": 0}
    assert (days["2025-05-20"]["total"], days["2025-05-20"]["covered"]) == (144, 0.5)
    accounting = _of(said, "accounting")
    assert (accounting["verdict"], accounting["rules_loaded"]) == ("not-measured", True)


def test_what_is_printed_says_what_is_not_known(tell, restarting):
    lines = tell("--month", "2025-05", *_ZONE, restarting, text=True)
    row = next(line for line in lines if line.startswith("start-success"))
    figures = "start-success 99 % 99.92 % 7,950 7,956 events 7.6 % 88.7 % met where measured"
    assert " ".join(row.split()) == figures
    assert "  start-success: bad events 2025-05-05 (1 of 288)" in lines
    assert (
        "  start-success: 2025-05-10 00:00 to 2025-05-13 00:00 (2 of 30 were bad at least), "
        "2025-05-20 06:00 to 2025-05-20 18:00 (3 of 7 were bad at least)"
    ) in lines


def test_days_of_a_month_can_be_reported(tell):
    said = tell("--since", "2025-04-10", "--until", "2025-04-12", *_ZONE)
    assert _figures(said, "start-success")[:3] == (3 * 288 - 61, 61, 3 * 288)


def test_rules_of_ours_record_what_a_report_reads(prometheus, recording, tell):
    """23 starts are ready, and two fail by the platform's fault; of four sessions a node takes one,
    and why seven more ended nobody knows; for 30 minutes accounting is late; of 144 and 85 pages
    five are slow.
    """
    prometheus.record_past(recording, _JULY - 10 * _MINUTE, _JULY + _FOUR_HOURS)
    said = tell("--since", "2025-07-01", "--until", "2025-07-01")
    assert said["time_zone"] == "UTC"
    assert _figures(said, "start-success")[:3] == (23, 2, 25)
    assert _figures(said, "session-survival")[:3] == (3, 1, 4)
    accounting = _of(said, "accounting")
    assert (accounting["bad"], accounting["unit"]) == (30, "minutes")
    assert 238 <= accounting["total"] <= 240
    assert _figures(said, "picker")[:3] == (224, 5, 229)
    assert _of(said, "sign-in")["verdict"] == "not-measured"
    for name in ("start-success", "session-survival", "accounting", "picker"):
        assert 238 <= 1440 * _of(said, name)["covered"] <= 240.01, name


def test_of_several_installations_one_is_chosen(tell, fails):
    said = fails("--month", "2025-08", *_ZONE)
    assert "which differ in cluster. Choose those of one installation" in said
    chosen = tell("--month", "2025-08", *_ZONE, "--label", "cluster=b")
    assert _of(chosen, "start-success")["total"] == 20
    assert "recorded nothing" in fails("--month", "2025-08", *_ZONE, "--label", 'cluster=c"}')


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory) -> Iterator[Prometheus]:
    """It keeps 15 days: of starts from the 1st to the 5th, and from the 20th on, the latter."""
    starts = Starts()
    starts.until("2025-04-30T23:55", "2025-05-05")
    starts.until("2025-05-20", "2025-06-01")
    folder = tmp_path_factory.mktemp("forgetful")
    prometheus = Prometheus(folder, past=_sorted(starts.figures), retention="15d")
    prometheus.start()
    yield prometheus
    prometheus.stop()


def test_what_is_older_than_the_retention_is_not_known(forgetful, tell):
    said = tell("--month", "2025-05", *_ZONE, url=forgetful.url)
    assert (said["retention"], said["retention_too_short"]) == ("15d", True)
    found = _of(said, "start-success")
    assert found["total"] == 12 * 288 - 1, "before its first sample nothing is known"
    (gap,) = found["gaps"]
    assert (gap["begin"], gap["end"]) == ("2025-04-30T22:00:00Z", "2025-05-19T22:05:00Z")
    assert found["covered"] == round((12 * 288 - 1) / (31 * 288), 6)
    assert (found["verdict"], found["rules_loaded"]) == ("met-where-measured", False)
    lines = tell("--month", "2025-05", *_ZONE, url=forgetful.url, text=True)
    assert "  Prometheus keeps samples for 15d: what is older is gone, or goes." in lines


def test_a_period_of_which_there_is_nothing_says_why(forgetful, fails):
    said = fails("--month", "2025-10", *_ZONE)
    assert "has nothing of 2025-10-01 to 2025-10-31: the rules recorded nothing then." in said
    said = fails("--month", "2025-02", url=forgetful.url)
    assert "the rules of these objectives are not loaded. Load what `gpucommons slo" in said


def test_no_answer_a_wrong_address_and_a_page_are_told_apart(prometheus, fails):
    url = f"http://127.0.0.1:{free_port()}"
    assert f"Prometheus at {url} does not answer: " in fails(url=url)
    wrong = f"{prometheus.url}/graph"
    assert f"{wrong} is not the address of a Prometheus: " in fails(url=wrong)
    exporter = Exporter()
    exporter.start()
    try:
        url = f"http://127.0.0.1:{exporter.port}"
        assert "/api/v1/query is 200 OK, and not of its API" in fails(url=url)
        exporter.crashed = True
        assert "answers 503 Service Unavailable: it may be starting" in fails(url=url)
    finally:
        exporter.stop()


@pytest.fixture
def guarded(prometheus, tmp_path) -> Iterator[tuple[str, Path]]:
    """What leads to Prometheus by HTTPS whoever has a token; with the authority to trust."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Authorization"] != "Bearer secret":
                self.send_response(401)
                self.end_headers()
                return
            answer = httpx.get(f"{prometheus.url}{self.path.removeprefix('/metrics')}", timeout=60)
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None: ...

    files = CertificateFiles(tmp_path / "https")
    make_certificates(files)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files.served)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/metrics/", files.authority
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_token_and_an_authority_of_one_s_own_open_a_guarded_one(guarded, tell, fails, tmp_path):
    url, authority = guarded
    token = tmp_path / "token"
    token.write_text("secret\n")
    day = ("--since", "2025-04-10", "--until", "2025-04-10", *_ZONE)
    opened = ("--ca", str(authority), "--token-file", str(token))
    assert _figures(tell(*day, *opened, url=url), "start-success")[:3] == (228, 60, 288)
    assert "its certificate is not trusted" in fails(*day, url=url)
    said = fails(*day, "--ca", str(authority), url=url)
    assert "refuses to be asked (401): name the file of a token" in said
