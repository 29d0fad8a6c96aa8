"""What a Job says at its end, what is kept, and the sentences that come of restic's complaints."""

import json

import pytest
from gpucommons_backup import (
    BackupError,
    RepositoryLockedError,
    RepositoryMissingError,
    RepositoryUnreachableError,
    Retention,
    WrongPasswordError,
)
from gpucommons_backup.repository.complaints import error_of
from gpucommons_backup.taking import Report
from hypothesis import given
from hypothesis import strategies as st

ADDRESS = "rest:http://ada:secret@store.example.org:8000/ada/ws/"
SHOWN = "rest:http://store.example.org:8000/ada/ws/"


@given(st.lists(st.text(min_size=1, max_size=400), max_size=30))
def test_a_report_fits_whatever_could_not_be_read(unread):
    report = Report("a" * 64, True, 1, 2, unread=tuple(unread))
    text = report.to_json()
    assert len(text.encode()) <= 4096
    assert json.loads(text)["unread_count"] == len(unread)


def test_a_report_names_as_much_as_fits():
    few = Report("a", True, 1, 2, unread=("x: denied",))
    assert json.loads(few.to_json())["unread"] == ["x: denied"]
    many = Report("a" * 64, True, 1, 2, unread=tuple("\U0001f393" * 400 for _ in range(30)))
    assert json.loads(many.to_json())["unread"] == ["\U0001f393" * 200]


def test_retention_is_told_to_restic():
    said = " ".join(Retention(tags=("final", "person")).arguments())
    assert said == (
        "--keep-within 2d --keep-hourly 24 --keep-daily 30 --keep-weekly 12 --keep-monthly 6 "
        "--keep-tag final --keep-tag person"
    )


def test_none_of_a_kind_is_not_told():
    assert Retention(1, 0, 0, 0, 3).arguments() == ["--keep-within", "1d", "--keep-monthly", "3"]


def ended(message: str, code: int = 1) -> bytes:
    said = {"message_type": "exit_error", "code": code, "message": message}
    return json.dumps(said).encode() + b"\n"


def about(item: str, message: str) -> bytes:
    said = {"message_type": "error", "error": {"message": message}, "item": item}
    return json.dumps(said).encode() + b"\n"


_MISSING = (
    "Fatal: repository does not exist: unable to open config file: <config/> does not exist\n"
    f"Is there a repository at the following location?\n{SHOWN}"
)
_RETRIES = (
    b"Stat(<config/>) returned error, retrying after 731.519195ms: Head "
    b'"http://ada:***@store.example.org/config": dial tcp 10.0.0.1:8000: connect: '
    b"connection refused\n"
)


@pytest.mark.parametrize(
    ("code", "said", "kind", "sentence"),
    [
        (10, ended(_MISSING, 10), RepositoryMissingError, f"There is no repository at {SHOWN}."),
        (
            *(11, b"repo already locked\n", RepositoryLockedError),
            f"Another program holds the repository at {SHOWN}, and did not let go in time.",
        ),
        (
            *(12, ended("Fatal: wrong password or no key found", 12), WrongPasswordError),
            f"The password does not open the repository at {SHOWN}: it is that of another one, or "
            "was changed.",
        ),
        (
            *(1, ended("Fatal: x failed: config file already exists\n"), BackupError),
            f"There is a repository at {SHOWN} already.",
        ),
        (
            1,
            ended("Fatal: unable to open config file: unexpected HTTP response (401): 401 No\nIs"),
            RepositoryUnreachableError,
            f"The store at {SHOWN} does not accept the account: its name or password is wrong, or "
            "the repository is somebody else's.",
        ),
        (
            *(
                1,
                ended("unexpected HTTP response (403): 403 Forbidden"),
                RepositoryUnreachableError,
            ),
            f"The store at {SHOWN} refuses: this account may not do that. An append-only store "
            "lets nothing be removed.",
        ),
        (
            1,
            b"Save(<data/1>) failed: unexpected HTTP response (507): 507 Insufficient Storage\n"
            + ended("Fatal: unable to save snapshot: context canceled"),
            BackupError,
            f"The store at {SHOWN} is full: 507 Insufficient Storage.",
        ),
        (
            *(1, _RETRIES + ended("Fatal: context canceled"), RepositoryUnreachableError),
            f"The store at {SHOWN} does not answer: connection refused.",
        ),
        (
            *(1, about("/a", "mkdir: denied") + about("/b", "no"), BackupError),
            "/a: mkdir: denied (1 more of that kind).",
        ),
        (
            *(1, about("/a", "denied.") + ended("Fatal: There were 1 errors\n"), BackupError),
            "Not all was put back: /a: denied.",
        ),
        (
            1,
            b"error: Pack ID does not match\n" + ended("Fatal: repository contains errors"),
            BackupError,
            f"The repository at {SHOWN} is damaged: Pack ID does not match.",
        ),
        (*(1, ended("path x: not found"), BackupError), "path x: not found."),
        (*(2, b"goroutine 1\n\tmain.go:3\n", BackupError), "goroutine 1 (1 more of that kind)."),
        (*(-9, b"", BackupError), "restic ended with exit code -9."),
    ],
)
def test_a_complaint_becomes_a_sentence(code, said, kind, sentence):
    error = error_of(code, said, ADDRESS)
    assert (type(error), str(error)) == (kind, sentence)
