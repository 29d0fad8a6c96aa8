"""What is put back: whole or not at all, over nothing, and ended when somebody says so."""

import io
import os
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pytest
from gpucommons_contract import PuttingBack, PuttingBackState
from gpucommons_lab.earlier_files.putting_back import CutOffError
from gpucommons_lab.earlier_files.restores import Restores, Wanted
from gpucommons_lab.earlier_files.service import Archive, FilesService
from gpucommons_lab.earlier_files.unfinished import Unfinished, mark_of_server
from gpucommons_lab.earlier_files.unpacking import unpacked

from tests.waiting import until

NAMES = (b"caf\xe9.txt", b"two\nlines.txt", b"[a]*", b"-rf", b"x" * 255)
WORDS = "27 Nov 03.00"
_UNFINISHED = ".gpucommons-putting-back-*"


def _archive() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        folder = tarfile.TarInfo("inner")
        folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o555, 1000
        archive.addfile(folder)
        for name in NAMES:
            file = tarfile.TarInfo(f"inner/{os.fsdecode(name)}")
            file.size, file.mtime, file.mode = len(name), 1000, 0o640
            archive.addfile(file, io.BytesIO(name))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "nowhere"
        archive.addfile(link)
    return packed.getvalue()


class _Service(HTTPServer):
    """Sends one folder and one file; it can stop in the midst, wait, or claim any size."""

    stops = False
    size = "100"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.go_on = Event()
        self.go_on.set()


class _Handler(BaseHTTPRequestHandler):
    server: _Service
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        self.send_response(200)
        if "/api/file?" in self.path:
            self.send_header("Content-Length", "5")
            self.send_header("Last-Modified", "Fri, 27 Nov 2026 03:00:00 GMT")
            self.end_headers()
            self.wfile.write(b"words")
            return
        self.send_header("Workspace-Entries", "7")
        self.send_header("Workspace-Bytes", self.server.size)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        content = _archive()
        half = len(content) // 2
        self._chunk(content[:half])
        self.server.go_on.wait()
        if not self.server.stops:
            self._chunk(content[half:])
            self._chunk(b"")

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))
        self.wfile.flush()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def service() -> Iterator[_Service]:
    with _Service() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


def _mark(server: str) -> str:
    return mark_of_server({"JUPYTERHUB_USER": "ana", "JUPYTERHUB_SERVER_NAME": server})


def _of_server(name: str, service: _Service, home: Path) -> Restores:
    url = f"http://127.0.0.1:{service.server_port}"
    return Restores(FilesService(url, "token"), home, _mark(name), lambda: None, b"team")


@pytest.fixture
def restores(service: _Service, tmp_path: Path) -> Iterator[Restores]:
    made = _of_server("", service, tmp_path)
    yield made
    made.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder of another volume, in the home folder."""
    with TemporaryDirectory(dir="/dev/shm") as folder:
        (tmp_path / "team").symlink_to(folder)
        yield Path(folder)


def _wanted(path: bytes, *, folder: bool = True, in_place: bool = False) -> Wanted:
    return Wanted("0" * 64, path, is_folder=folder, in_place=in_place, words=WORDS)


def _done(restores: Restores, wanted: Wanted) -> PuttingBack:
    begun = restores.begin(wanted)
    return until(lambda: _ended(restores, begun.id), pause=0.01)


def _ended(restores: Restores, identifier: str) -> PuttingBack | None:
    found = {each.id: each for each in restores.all()}[identifier]
    return None if found.state == PuttingBackState.RUNNING else found


def _is_whole(folder: Path) -> bool:
    inner = os.fsencode(folder / "inner")
    found = {
        name: Path(os.fsdecode(inner + b"/" + name)).read_bytes()
        for name in os.listdir(inner)  # noqa: PTH208
    }
    is_as_it_was = (folder / "inner").stat().st_mtime == 1000
    mode = (folder / "inner").stat().st_mode & 0o777
    is_link = (folder / "link").readlink() == Path("nowhere")
    return found == {name: name for name in NAMES} and is_as_it_was and is_link and mode == 0o555


def test_a_folder_comes_beside_what_is_there(restores: Restores, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "now.txt").touch()
    for end in (f"work ({WORDS})", f"work ({WORDS}) (2)"):
        done = _done(restores, _wanted(b"work"))
        assert (done.state, done.target) == (PuttingBackState.DONE, quote_from_bytes(end.encode()))
        assert _is_whole(tmp_path / end)
    assert [each.name for each in (tmp_path / "work").iterdir()] == ["now.txt"]


def test_a_folder_in_place_keeps_what_was_there(restores: Restores, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "now.txt").touch()
    done = _done(restores, _wanted(b"work", in_place=True))
    assert (done.target, done.kept) == ("work", "work-before-revert")
    assert _is_whole(tmp_path / "work")
    assert (tmp_path / "work-before-revert" / "now.txt").exists()


def test_what_is_gone_with_the_folder_that_it_was_in_comes_back(
    restores: Restores, tmp_path: Path
) -> None:
    done = _done(restores, _wanted(b"gone/work", in_place=True))
    assert (done.target, done.kept) == ("gone/work", None)
    assert _is_whole(tmp_path / "gone" / "work")


def test_a_whole_home_folder_comes_into_a_new_one(restores: Restores, tmp_path: Path) -> None:
    done = _done(restores, _wanted(b""))
    assert unquote_to_bytes(done.target or "") == f"restored {WORDS}".encode()
    assert _is_whole(tmp_path / f"restored {WORDS}")


def test_a_file_has_the_time_that_it_had(restores: Restores, tmp_path: Path) -> None:
    (tmp_path / "train.ipynb").write_text("now")
    _done(restores, _wanted(b"train.ipynb", folder=False))
    beside = tmp_path / f"train ({WORDS}).ipynb"
    assert beside.read_text() == "words"
    assert beside.stat().st_mtime == 1795748400
    done = _done(restores, _wanted(b"train.ipynb", folder=False, in_place=True))
    assert done.kept == "train-before-revert.ipynb"
    assert (tmp_path / "train.ipynb").read_text() == "words"


def test_of_one_that_is_cut_off_nothing_is_left(
    service: _Service, restores: Restores, tmp_path: Path
) -> None:
    service.stops = True
    done = _done(restores, _wanted(b"work"))
    assert done.state == PuttingBackState.FAILED
    assert "cannot be fetched at the moment" in str(done.message)
    assert list(tmp_path.iterdir()) == []


def test_of_one_that_is_cancelled_nothing_is_left(
    service: _Service, restores: Restores, tmp_path: Path
) -> None:
    service.go_on.clear()
    begun = restores.begin(_wanted(b"work"))
    until(lambda: list(tmp_path.glob(_UNFINISHED)), pause=0.01)
    restores.cancel(begun.id)
    service.go_on.set()
    done = until(lambda: _ended(restores, begun.id), pause=0.01)
    assert done.state == PuttingBackState.CANCELLED
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_room_is_refused_before_the_first_byte(
    service: _Service, restores: Restores, tmp_path: Path
) -> None:
    service.size = str(2**60)
    service.go_on.clear()  # it could not be read to its end
    done = _done(restores, _wanted(b"work"))
    assert "There is no room" in str(done.message)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_is_cleared_away(restores: Restores, tmp_path: Path) -> None:
    unfinished = Unfinished(os.fsencode(tmp_path), _mark(""))
    left = Path(os.fsdecode(unfinished.new(os.fsencode(tmp_path / "work"))))
    (left / "inner").mkdir()
    (left / "inner").chmod(0o500)
    restores.clear()
    assert list(tmp_path.iterdir()) == []


def test_where_entries_have_gone_meanwhile_it_is_not_said_that_all_is_there(tmp_path: Path) -> None:
    packed, content = io.BytesIO(), bytes(300_000)
    with tarfile.open(fileobj=packed, mode="w") as writing:
        for name in ("a", "b", "c"):
            file = tarfile.TarInfo(name)
            file.size = len(content)
            writing.addfile(file, io.BytesIO(content))
    packed.seek(0)
    archive = Archive(entries=3, size=3 * len(content), body=packed)
    made = tmp_path / "made"
    made.mkdir()
    with (
        pytest.raises(CutOffError),
        unpacked(os.fsencode(made), archive, lambda _: (made / "a").unlink(missing_ok=True)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_another_session_of_the_home_folder_leaves_alone_what_is_put_back(
    service: _Service, restores: Restores, tmp_path: Path
) -> None:
    service.go_on.clear()
    begun = restores.begin(_wanted(b"work"))
    writes = until(lambda: list(tmp_path.glob(_UNFINISHED)), pause=0.01)
    _of_server("training", service, tmp_path).clear()
    assert list(tmp_path.glob(_UNFINISHED)) == writes
    service.go_on.set()
    done = until(lambda: _ended(restores, begun.id), pause=0.01)
    assert done.state == PuttingBackState.DONE
    assert _is_whole(tmp_path / f"work ({WORDS})")


@pytest.mark.skipif(
    Path("/dev/shm").stat().st_dev == Path("/tmp").stat().st_dev,
    reason="/dev/shm and /tmp are on one volume",
)
@pytest.mark.parametrize("in_place", [True, False])
def test_a_folder_of_the_team_s_volume_comes_back_there(
    restores: Restores, elsewhere: Path, *, in_place: bool
) -> None:
    (elsewhere / "work").mkdir()
    done = _done(restores, _wanted(b"team/work", in_place=in_place))
    assert done.state == PuttingBackState.DONE
    assert _is_whole(elsewhere / ("work" if in_place else f"work ({WORDS})"))
    assert not list(Path("/dev/shm").glob(_UNFINISHED))


@pytest.mark.skipif(
    Path("/dev/shm").stat().st_dev == Path("/tmp").stat().st_dev,
    reason="/dev/shm and /tmp are on one volume",
)
@pytest.mark.parametrize("in_place", [True, False])
def test_all_of_the_team_s_folder_comes_into_a_new_one_there(
    restores: Restores, elsewhere: Path, tmp_path: Path, *, in_place: bool
) -> None:
    (elsewhere / "now.txt").touch()
    done = _done(restores, _wanted(b"team", in_place=in_place))
    assert unquote_to_bytes(done.target or "") == f"team/restored {WORDS}".encode()
    assert _is_whole(elsewhere / f"restored {WORDS}")
    assert {each.name for each in elsewhere.iterdir()} == {"now.txt", f"restored {WORDS}"}
    assert [each.name for each in tmp_path.iterdir()] == ["team"]
