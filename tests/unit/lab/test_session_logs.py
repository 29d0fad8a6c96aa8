"""A session's server logs JSON where its pod says so, and text for people else."""

import io
import json
import logging

from gpucommons_lab.start.session_logs import log_as_chosen
from gpucommons_upkeep.logs import LOG_FORMAT


def _log(environment) -> str:
    log, stream = logging.Logger("ServerApp"), io.StringIO()
    log.addHandler(logging.StreamHandler(stream))
    log_as_chosen(log, environment)
    log.warning("the disk is full")
    return stream.getvalue()


def test_lines_are_json_where_the_pod_says_so():
    line = json.loads(_log({LOG_FORMAT: "json"}))
    assert (line["program"], line["message"]) == ("session", "the disk is full")


def test_what_other_loggers_warn_of_is_json_too(monkeypatch, capsys):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    _log({LOG_FORMAT: "json"})
    logging.getLogger("gpucommons_lab.storage").warning("the home folder is full")
    assert json.loads(capsys.readouterr().err)["message"] == "the home folder is full"


def test_lines_stay_as_they_are_without_a_word():
    assert _log({}) == "the disk is full\n"
