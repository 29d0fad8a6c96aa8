"""What VS Code's extension gets and reports, on the unix socket of a real Jupyter server."""

import json
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from gpucommons_contract import Endpoint, Notice, NoticeChoice, NoticeLevel, read_activity

from .conftest import Session

NOTICE = Notice(id="idle", text="This session stops soon.", level=NoticeLevel.WARNING)
PATIENCE = 60  # seconds


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Path:
    """A folder for temporary files that only the session below uses."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture(scope="module")
def session(temporary, tmp_path_factory) -> Iterator[Session]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        started = Session(tmp_path_factory.mktemp("vscode-session"), None)
    started.wait()
    yield started
    started.close()
    assert "Traceback" not in started.log
    assert list(temporary.iterdir()) == [], "the socket outlived its server"


@pytest.fixture
def socket(session, temporary) -> Path:
    (path,) = temporary.glob("gpucommons-*/companion")
    return path


@pytest.fixture
def window(socket) -> Iterator[httpx.Client]:
    """A window of VS Code."""
    transport = httpx.HTTPTransport(uds=str(socket))
    with httpx.Client(transport=transport, base_url="http://session", timeout=PATIENCE) as client:
        yield client


def last_activity(session) -> datetime:
    return datetime.fromisoformat(session.client.get("/api/status").json()["last_activity"])


def send(session, notice: Notice) -> None:
    path = f"/{Endpoint.SESSION_NOTICE}"
    session.client.post(path, content=notice.to_json()).raise_for_status()


def withdraw(session, notice: Notice) -> None:
    path = f"/{Endpoint.SESSION_NOTICE}"
    session.client.delete(path, params={"id": notice.id}).raise_for_status()


def test_an_answer_reaches_the_session_and_other_windows(session, window):
    asks = Notice("idle", "Stops soon.", choices=(NoticeChoice("keep", "Keep"),))
    send(session, asks)
    with window.stream("GET", "/notices") as other:
        lists = other.iter_lines()
        assert json.loads(next(lists))[0]["answer"] is None
        answer = window.post("/notices/answer", json={"id": "idle", "choice": "keep"})
        assert answer.status_code == 204
        assert json.loads(next(lists))[0]["answer"] == "keep"
    refused = window.post("/notices/answer", json={"id": "idle", "choice": "stop"})
    assert refused.status_code == 409
    assert window.post("/notices/answer", content=b"keep").status_code == 400
    withdraw(session, asks)


def test_the_socket_is_for_its_user_alone(socket):
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


def test_a_window_gets_a_frame(window):
    frame = window.get("/gpus").raise_for_status().json()
    assert frame["state"] in ("no-gpu", "failed")
    assert frame["interval"] > 0


def test_a_window_learns_of_each_change_of_the_notices(session, window):
    with window.stream("GET", "/notices") as response:
        lines = response.iter_lines()
        assert json.loads(next(lines)) == []
        send(session, NOTICE)
        assert [each["text"] for each in json.loads(next(lines))] == [NOTICE.text]
        send(session, Notice(id=NOTICE.id, text="Kept for an hour."))
        assert [each["text"] for each in json.loads(next(lines))] == ["Kept for an hour."]
        withdraw(session, NOTICE)
        assert json.loads(next(lines)) == []


def test_a_window_that_opens_later_gets_the_notices_that_matter(session, window):
    send(session, NOTICE)
    with window.stream("GET", "/notices") as response:
        assert [each["id"] for each in json.loads(next(response.iter_lines()))] == [NOTICE.id]
    withdraw(session, NOTICE)


def test_looking_is_no_activity_and_a_report_is(session, window):
    before = last_activity(session)
    window.get("/gpus").raise_for_status()
    with window.stream("GET", "/notices") as response:
        next(response.iter_lines())
    assert last_activity(session) == before
    assert window.post("/activity").status_code == 204
    assert last_activity(session) > before


def test_nothing_else_is_to_be_had_there(window):
    assert window.get("/api/contents").status_code == 404
    assert window.get("/activity").status_code == 405


def test_a_window_is_told_that_there_is_no_hub_to_stop_the_session(window):
    assert window.post("/stop").status_code == 502
    assert window.get("/pages").json()["sessions"] is None


def test_a_window_is_told_what_a_stop_would_end(session, window):
    running = window.get("/running").raise_for_status().json()
    assert running["kernels"] == []
    assert running == session.client.get(f"/{Endpoint.SESSION_ACTIVITY}").json() | {
        "started": running["started"],
        "editing": running["editing"],
    }


def test_a_window_is_told_how_to_reach_the_kernels(session, window):
    told = window.get("/jupyter").raise_for_status().json()
    assert Path(told["root"]).is_dir()
    token = {"Authorization": f"token {told['token']}"}
    kernels = httpx.get(f"{told['address']}api/kernels", headers=token, timeout=PATIENCE)
    assert kernels.raise_for_status().json() == []


def test_a_report_is_editing_to_who_asks_for_the_sessions_use(session, window):
    window.post("/activity").raise_for_status()
    answer = session.client.get(f"/{Endpoint.SESSION_ACTIVITY}").raise_for_status()
    assert 0 <= read_activity(answer.content).editing < PATIENCE


def test_a_window_empties_the_trash(window, session):
    trash = session._home / ".local/share/Trash/files"
    trash.mkdir(parents=True)
    (trash / "old").write_bytes(b"x" * 2**16)
    emptied = window.post("/trash").raise_for_status().json()
    assert emptied["freed"] >= 2**16
    assert (emptied["left"], emptied["reason"]) == (0, None)
    assert list(trash.iterdir()) == []


def test_a_window_is_told_that_there_are_no_earlier_files(window):
    for path in ("versions?path=a", "snapshots", "folder", "deleted", "file"):
        refused = window.get(f"/earlier/{path}")
        assert refused.status_code == 501
        assert "offers no snapshots of home folders" in refused.json()["message"]
    assert window.post("/earlier/put-back", json={}).status_code == 501
