"""What a run tells Prometheus: as a file, and by a push to a receiver that speaks HTTP."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from gpucommons_config.command import main
from gpucommons_doctor.checks.cluster.nodes import Clocks, NodesReady
from gpucommons_doctor.examination import CHECKS
from gpucommons_doctor.finding import State, fault, good, unknown
from gpucommons_doctor.metrics import as_metrics
from gpucommons_doctor.runner import Result
from gpucommons_local.machine.cache import cache_folder
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from reference_pages.project import ROOT

from .conftest import BACKUP, CATALOGUE

_OF_CLUSTER = ("--skip", "dex", "--skip", "chart-values", "--queue", "sessions")


class _Receiver(HTTPServer):
    """A Pushgateway as a client sees it: answers each request with a status, and keeps it."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.got: list[tuple[str, str, str, str]] = []
        """Method, path, content type and body of each."""

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.command, self.path, self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = _Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def _run(kubeconfig, *more):
    """Run the command beside the cluster, which this loop plays."""
    given = ["doctor", "--kubeconfig", str(kubeconfig), "--catalogue", str(CATALOGUE)]
    given += ["--backup", str(BACKUP)]
    return await asyncio.to_thread(main, [*given, *_OF_CLUSTER, *more])


def _read(text):
    """Samples by name and the values of their labels."""
    return {
        (sample.name.removeprefix("gpucommons_doctor_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _found(text):
    """The state of each check, of which there must be one."""
    samples = {key[1:]: value for key, value in _read(text).items() if key[0] == "check"}
    assert set(samples.values()) == {0, 1}
    found = [key for key, value in samples.items() if value]
    assert len(found) == len({check for check, _ in found}) == len(samples) / len(State)
    return dict(found)


async def test_each_check_has_one_state(kubeconfig, played, tmp_path, receiver):
    played.objects("/runtimeclasses").clear()
    played.forbidden.add("/leases")
    played.drop("/volumesnapshotclasses")
    file = tmp_path / "doctor.prom"
    assert await _run(kubeconfig, "--metrics", str(file), "--push", receiver.address) == 1
    found = _found(file.read_text())
    checks = [each.name for each in CHECKS if each.name not in {"dex", "chart-values"}]
    assert list(found) == checks
    assert {name: state for name, state in found.items() if state != "good"} == {
        "clocks": "unknown",
        "runtime-classes": "fault",
        "storage": "warning",
    }
    ((method, path, kind, body),) = receiver.got
    assert (method, path) == ("PUT", "/metrics/job/gpucommons-doctor")
    assert kind.startswith("text/plain; version=")
    assert body == file.read_text()


async def test_when_the_checks_last_ran_and_how_long_they_took(kubeconfig, tmp_path):
    file, before = tmp_path / "doctor.prom", time.time()
    assert await _run(kubeconfig, "--metrics", str(file)) == 0
    samples = _read(file.read_text())
    assert before <= samples["last_run_timestamp_seconds",] <= time.time()
    assert 0 < samples["last_run_duration_seconds",] <= time.time() - before


def _text(*results):
    return generate_latest(as_metrics(results, ended=1_800_000_000.0, took_s=1.5)).decode()


def test_what_a_check_found_makes_no_further_series():
    many = [fault(f"Node {number} is away.", "Look.") for number in range(1000)]
    some = _text(Result(NodesReady(), (good("All is well."),)))
    more = _text(Result(NodesReady(), (good("All is well."), unknown("?", "Look."), *many)))
    assert _read(more).keys() == _read(some).keys()
    assert _found(more) == {"nodes": "fault"}
    assert len(_read(_text(*(Result(each(), ()) for each in (NodesReady, Clocks))))) == 2 * 4 + 2


def _promtool(*arguments, **options):
    promtool = shutil.which("promtool") or cache_folder() / "debian/prometheus/usr/bin/promtool"
    if not os.access(promtool, os.X_OK):
        pytest.skip("needs promtool, on the PATH or as the tests of Prometheus fetch it")
    command = [promtool, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_names_and_texts_are_as_prometheus_wants_them():
    text = _text(Result(NodesReady(), (good("All is well."),)))
    done = _promtool("check", "metrics", input=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _rules():
    page = (ROOT / "docs" / "how-to" / "check-a-cluster.md").read_text()
    (block,) = re.findall(r"```yaml\n(# Rules for Prometheus\n.*?)```", page, re.DOTALL)
    return block


def test_the_rules_of_the_page_are_about_metrics_and_states_that_there_are():
    there = {f"gpucommons_doctor_{name}" for name, *_ in _read(_text(Result(NodesReady(), ())))}
    assert set(re.findall(r"gpucommons_doctor_\w+", _rules())) <= there
    assert set(re.findall(r'state="(\w+)"', _rules())) <= set(State)


def test_prometheus_takes_the_rules_of_the_page(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(_rules())
    done = _promtool("check", "rules", file)
    assert (done.returncode, "3 rules found" in done.stdout) == (0, True), done.stderr


# What cannot be delivered


async def test_a_refused_push_is_told_beside_what_was_found(kubeconfig, receiver, capsys):
    receiver.status = 400
    assert await _run(kubeconfig, "--push", receiver.address, "--json") == 2
    captured = capsys.readouterr()
    assert {each["state"] for each in json.loads(captured.out)["checks"]} == {"good"}
    assert captured.err.startswith(f"The metrics cannot be pushed to {receiver.address}: ")
    assert "400" in captured.err


async def test_faults_do_not_hide_that_nobody_answers_the_push(kubeconfig, played, capsys):
    played.objects("/runtimeclasses").clear()
    assert await _run(kubeconfig, "--push", "http://127.0.0.1:1") == 2
    captured = capsys.readouterr()
    assert "RuntimeClass nvidia does not exist" in captured.out
    assert "The metrics cannot be pushed to http://127.0.0.1:1: " in captured.err
    assert "refused" in captured.err


async def test_a_name_that_is_none_is_told(kubeconfig, capsys):
    assert await _run(kubeconfig, "--push", f"http://{'a' * 70}.example.org") == 2
    assert "The metrics cannot be pushed to" in capsys.readouterr().err


async def test_a_file_that_cannot_be_written_is_told_and_the_push_is_made(
    kubeconfig, receiver, tmp_path, capsys
):
    file = tmp_path / "gone" / "doctor.prom"
    assert await _run(kubeconfig, "--metrics", str(file), "--push", receiver.address) == 2
    assert f"cannot be written to {file}: No such file" in capsys.readouterr().err
    assert len(receiver.got) == 1


async def test_a_file_is_replaced_as_a_whole(kubeconfig, tmp_path, monkeypatch):
    """Node exporter reads all *.prom files of the folder at any moment."""
    file, seen = tmp_path / "doctor.prom", []
    file.write_text("before")
    rename = os.rename

    def renamed(source, target):
        seen.append((Path(source).parent, Path(source).suffix == ".prom", file.read_text()))
        rename(source, target)

    monkeypatch.setattr(os, "rename", renamed)
    assert await _run(kubeconfig, "--metrics", str(file)) == 0
    assert seen == [(tmp_path, False, "before")]
    assert _found(file.read_text())
    assert list(tmp_path.glob("*.prom*")) == [file]


async def test_nothing_is_delivered_of_checks_that_were_not_run(kubeconfig, receiver, tmp_path):
    more = ("--metrics", str(tmp_path / "a.prom"), "--push", receiver.address)
    assert await _run(kubeconfig.with_name("gone"), *more) == 2
    assert await _run(kubeconfig, "--list", *more) == 0
    assert receiver.got == []
    assert not (tmp_path / "a.prom").exists()


@pytest.mark.parametrize(
    "address",
    ["pushgateway:9091", "ftp://pushgateway", "http://", "http://a:port", "http://a:0",
     "http://ada:secret@pushgateway:9091", "http://a/?b", "http://a/#b", "http://[a"],
)  # fmt: skip
def test_an_address_that_is_no_pushgateways_is_refused_and_not_repeated(address, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--catalogue", str(CATALOGUE), "--push", address])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "must be http://HOST:PORT" in said
    assert "secret" not in said
