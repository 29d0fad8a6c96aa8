"""A line is one object of JSON, says what it is about, and is text where people read it."""

import asyncio
import io
import json
import logging
import logging.config
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from gpucommons_upkeep.logs import about, facts_now, note, put_on_record
from gpucommons_upkeep.logs.about import Facts, begin
from gpucommons_upkeep.logs.lines import JSONLines


@pytest.fixture
def written(monkeypatch):
    """A logger of a program without a name, and what gives the lines that it has written."""
    monkeypatch.setattr(JSONLines, "program", "")
    log, stream = logging.getLogger("gpucommons.test-lines"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    yield log, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    log.removeHandler(handler)


def test_a_line_says_when_how_bad_from_where_and_what(written):
    log, lines = written
    log.warning("%s is kept:\n%s", "ada/train", "nobody knows")
    (line,) = lines()
    age = datetime.now().astimezone() - datetime.fromisoformat(line.pop("time"))
    assert abs(age) < timedelta(minutes=10)
    assert line == {
        "level": "warning",
        "logger": "gpucommons.test-lines",
        "program": "",
        "message": "ada/train is kept:\nnobody knows",
    }


def test_an_exception_is_in_the_same_line(written):
    log, lines = written
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        log.exception("it failed", stack_info=True)
    (line,) = lines()
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ZeroDivisionError: division by zero")
    assert line["stack"].startswith("Stack")


def test_what_is_no_json_is_written_as_text(written):
    log, lines = written
    log.info({"a": 1}, extra={"many": {1, 2}, "path": object, "none": None})
    (line,) = lines()
    assert line["many"] == [1, 2]
    assert line["path"] == "<class 'object'>"
    assert line["none"] is None
    assert line["message"] == ""


def test_what_formatters_put_on_a_record_for_themselves_is_in_no_line(written):
    log, lines = written
    log.info("x", extra={"color": "\x1b[32m", "end_color": "", "highlevel": ""})
    assert set(lines()[0]) == {"time", "level", "logger", "program", "message"}


def test_a_line_says_what_it_is_about_and_what_it_says_itself_goes_before(written):
    log, lines = written
    with about(user="ada", session="ada/train", team=""):
        log.info("one")
        with about(user="ben"):
            log.info("two", extra={"session": "ben", "pod": "jupyter-ben"})
    log.info("three")
    assert [_about(each) for each in lines()] == [
        {"user": "ada", "session": "ada/train"},
        {"user": "ben", "session": "ben", "pod": "jupyter-ben"},
        {},
    ]


def _about(line):
    return {name: each for name, each in line.items() if name in {"user", "session", "pod", "by"}}


async def test_what_a_task_of_a_request_finds_out_counts_for_all_of_it():
    async def find_out():
        note(user="ada")

    facts = Facts({"request_id": "1"})

    async def answer():
        begin(facts)
        await asyncio.create_task(find_out())
        return facts_now()

    assert await asyncio.create_task(answer()) == {"request_id": "1", "user": "ada"}
    assert facts_now() == {}


async def test_a_task_that_outlives_its_request_is_no_longer_about_it():
    facts, over = Facts({"request_id": "1", "user": "ada"}), asyncio.Event()

    async def of_all():
        before = facts_now()
        await over.wait()
        with about(session="ben"):
            return before, facts_now()

    begin(facts)
    task = asyncio.create_task(of_all())
    await asyncio.sleep(0)
    facts.end()
    over.set()
    assert await task == ({"request_id": "1", "user": "ada"}, {"session": "ben"})


def test_a_fact_that_no_line_has_is_a_mistake():
    with pytest.raises(TypeError, match="serer: a line has only request_id"), about(serer="x"):
        pass


def test_what_administrators_do_is_json_in_any_log_and_marked(capfd):
    details = {"subject": "ada/train", "details": {"reason": "an update", "password": "x"}}
    put_on_record("stop session", "root", details, on="ada/train")
    line = json.loads(capfd.readouterr().err)
    assert line["audit"] is True
    assert line["message"] == "root: stop session: ada/train"
    assert (line["action"], line["by"], line["subject"]) == ("stop session", "root", "ada/train")
    assert line["details"] == {"reason": "an update", "password": "[secret]"}


_PROGRAM = """
import logging
from gpucommons_upkeep.logs import begin_logs
begin_logs("tried")
logging.getLogger("httpx").info("HTTP Request: GET http://x/")
logging.getLogger("some.where").info("it began with token=%s", "a1" * 16)
"""


def _run(form):
    environment = {"PYTHONPATH": ":".join(sys.path)}
    environment |= {"GPUCOMMONS_LOG_FORMAT": form} if form else {}
    command = [sys.executable, "-c", _PROGRAM]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_variable_chooses_how_lines_look():
    line = json.loads(_run("json").stderr)
    assert (line["program"], line["logger"]) == ("tried", "some.where")
    assert line["message"] == "it began with token=[secret]"
    for form in ("", "text"):
        said = _run(form).stderr
        assert said.startswith("[I ")
        assert said.endswith(" some.where] it began with token=[secret]\n")


def test_another_value_of_it_stops_the_program_with_a_sentence():
    ended = _run("xml")
    assert ended.returncode == 1
    assert ended.stderr == "gpucommons: GPUCOMMONS_LOG_FORMAT is 'xml'; set it to text or json\n"
