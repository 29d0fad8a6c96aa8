"""The recovery key and what is sealed to it are those of age, which anybody has."""

import base64
from datetime import date
from pathlib import Path

import pytest
from gpucommons_backup import BackupError
from gpucommons_backup.recovery import (
    RecoveryKey,
    SealedRecord,
    check_recipient,
    new_key,
    read_key,
    seal,
    unseal,
)
from gpucommons_backup.recovery.sealed import text_of
from gpucommons_backup.recovery.sheet import StoreOnSheet, sheet
from gpucommons_config.command import main
from gpucommons_local.machine.cache import checkout

OF_AGE_KEYGEN = """\
# created: 2026-11-30T12:52:34Z
# public key: age16pdumpxt23ptehfhsmxdthgkxaf5xd57sutck3ykrfrhsqn9r4msu6uzrm
AGE-SECRET-KEY-16P62UGHHFKVANFVWW3DP64UVZCFZXTCHNRAMDLHA658KWW070Y9QJRF24M
"""
OF_AGE = base64.b64decode("""
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBkbU5oT2hEczZXM0MrYytHNm9Bb3BRZDlP
Y1lVYVR3Q0JLdjlsTTFhRlRRCitBMUtjbUpLbnVWRGRETjh1UmN0UHdKY2xRZ1JRV3c5WFRlSWJl
RUtkT3MKLS0tIDZBcjNteDlwYWVOa25yWWM0a2EvUEZMaGUwalhFSUh5d2ZmWlY5cGxtUTgKLl97
NmHrdLh7hdn8dKK+B50RFU2Dl+Osk/dCzft6sv0mk6O7ADEDhJqKhVouHcoDAf3HGyo2jtSbU/vb
0bqy8oo9t2y4ht7+WYeRuJIyecNPTwLllxxW7e8dTA0YPAWBcWu/oMZqSZ+gYa7YDvpfdcW+Lu1L
5LDcLBTutoewsm3yRNaL71potlc+3sfvLV5UMq6iz9JyRlM/zZUj/uapmRr7jHFQrH6soQATYFGY
Z10baEw9MOo9JMdtCwH5bfejWt5tCUvL2A==
""")
"""One record, sealed by age 1.1.1 to that key."""
RECORD = SealedRecord(
    "vision/workspace-ada-1", "vision", "ada", "of the first", "of the second", True, True
)


@pytest.fixture
def settings(tmp_path) -> Path:
    file = tmp_path / "backup.yaml"
    file.write_text(
        "store: rest:http://store.example.org:8000/\nimage: x\n"
        "copy: {store: 's3:https://s3.example.org/copies/', credentials: not-here.yaml}\n"
    )
    return file


def test_what_age_has_sealed_opens_with_a_key_of_age_keygen(tmp_path):
    file = tmp_path / "key.txt"
    file.write_text(OF_AGE_KEYGEN)
    key = read_key(file)
    assert f"# public key: {key.recipient}\n" in OF_AGE_KEYGEN
    assert unseal(OF_AGE, key) == [RECORD]


def test_what_is_sealed_opens_with_its_own_key_alone_and_tells_nothing_without():
    key = new_key()
    sealed = seal(text_of([RECORD]), key.recipient)
    assert unseal(sealed, key) == [RECORD]
    assert b"ada" not in sealed
    other = new_key()
    with pytest.raises(BackupError, match=other.recipient) as error:
        unseal(sealed, other)
    assert other.private not in f"{error.value} {other!r}"
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(BackupError, match="does not open"):
        unseal(damaged, key)


@pytest.mark.parametrize("text", ["", "age1ada\n", "# AGE-SECRET-KEY-1\n", "AGE-SECRET-KEY-1X\n"])
def test_a_file_without_a_key_is_named_and_never_shown(tmp_path, text):
    file = tmp_path / "key.txt"
    file.write_text(text)
    with pytest.raises(BackupError, match=r"key\.txt has no recovery key") as error:
        read_key(file)
    assert "1X" not in f"{error.value}"


@pytest.mark.parametrize("text", ["age1ada", "ssh-ed25519 AAAA", "private"])
def test_a_private_or_broken_recipient_is_refused_without_being_shown(text):
    text = new_key().private if text == "private" else text
    with pytest.raises(ValueError, match="no public key of age") as error:
        check_recipient(text)
    assert text not in f"{error.value}"


def test_the_sheet_is_one_page_and_says_which_password_opens_which_store():
    key = new_key()
    text = sheet(
        key,
        [StoreOnSheet("rest:http://a/"), StoreOnSheet("rest:https://b/", is_copy=True)],
        date(2026, 11, 30),
    )
    lines = text.splitlines()
    assert len(lines) < 60
    assert max(map(len, lines)) <= 90
    assert f"    {key.private}" in lines
    assert '    rest:http://a/  opens with "password"' in lines
    assert '    rest:https://b/  opens with "copy_password"' in lines
    assert "    export STORE=rest:https://b/" in lines  # the one that is farthest away


def test_the_page_of_the_docs_shows_the_sheet():
    page = (checkout() / "docs/how-to/back-up-workspaces.md").read_text()
    stores = [
        StoreOnSheet("rest:http://backup-store.gpucommons.svc:8000/"),
        StoreOnSheet("s3:https://s3.elsewhere.example/gpucommons-copy/", is_copy=True),
    ]
    key = RecoveryKey("AGE-SECRET-KEY-1…", "age1…")
    assert f"```text\n{sheet(key, stores, date(2026, 11, 30))}```\n" in page


def test_the_command_writes_the_key_to_the_sheet_alone(settings, tmp_path, capfd):
    file = tmp_path / "sheet.txt"
    assert main(["backup", "recovery-key", "--config", str(settings), "--to", str(file)]) == 0
    said = capfd.readouterr()
    assert said.out == ""
    assert "AGE-SECRET-KEY" not in said.err
    assert file.stat().st_mode & 0o777 == 0o600
    (private,) = {each for each in file.read_text().split() if each.startswith("AGE-SECRET-KEY")}
    (tmp_path / "key.txt").write_text(private)
    recipient = read_key(tmp_path / "key.txt").recipient
    assert f"recovery: {{recipient: {recipient}}}\n" in said.err
    assert main(["backup", "recovery-key", "--config", str(settings), "--to", str(file)]) == 1
    assert private in file.read_text()  # a sheet that there is stays as it is


def test_without_a_file_the_sheet_is_all_of_the_output(settings, capfd):
    assert main(["backup", "recovery-key", "--config", str(settings)]) == 0
    said = capfd.readouterr()
    assert said.out.startswith("RECOVERY SHEET")
    assert "s3:https://s3.example.org/copies/" in said.out


def test_a_drill_that_cannot_begin_says_why_and_has_a_code_of_its_own(settings, tmp_path, capfd):
    key = tmp_path / "key.txt"
    arguments = ["backup", "drill", "--config", str(settings), "--key", str(key)]
    assert main([*arguments, "--first"]) == 2
    said = capfd.readouterr().err
    assert "This drill opens the first store, as was asked" in said
    assert "key.txt cannot be read" in said
    key.write_text(new_key().private)
    assert main(arguments) == 2
    assert "not-here.yaml" in capfd.readouterr().err
