"""The file of settings: what it may say, and what becomes of a broken one."""

import logging

import pytest
from gpucommons_backup.controller.settings import LiveSettings, read_settings
from gpucommons_backup.repository import Retention
from gpucommons_backup.settings_file import SettingsError

LEAST = "store: rest:http://store:8000/\nimage: gpucommons/backup:1\n"
LOG = logging.getLogger("test")


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "backup.yaml"
    file.write_text(LEAST)
    return file


def test_store_and_image_are_enough(file):
    found = read_settings(file)
    assert (found.schedule.live_minutes, found.schedule.at_once) == (60, 4)
    assert found.login() == {}
    assert found.retention.retention() == Retention(tags=("final",), person=5)
    assert found.address("vision/a-1") == "rest:http://store:8000/vision/a-1/"
    assert found.address("vision/a-1", tidies=True) == found.address("vision/a-1")


def test_logins_are_read_from_files_beside_it(file):
    file.with_name("add.yaml").write_text("RESTIC_REST_USERNAME: a\nRESTIC_REST_PASSWORD: b\n")
    file.with_name("tidy.yaml").write_text("RESTIC_REST_USERNAME: c\n")
    more = "credentials: add.yaml\ntidy_credentials: tidy.yaml\ntidy_store: rest:https://t/\n"
    file.write_text(LEAST + more)
    found = read_settings(file)
    assert found.login() == {"RESTIC_REST_USERNAME": "a", "RESTIC_REST_PASSWORD": "b"}
    assert found.login(tidies=True) == {"RESTIC_REST_USERNAME": "c"}
    assert found.address("v/a", tidies=True) == "rest:https://t/v/a/"


def test_the_second_store_has_logins_of_its_own_beside_the_file_too(file):
    (file.parent / "away").mkdir()
    (file.parent / "away" / "add.yaml").write_text("RESTIC_REST_USERNAME: a\n")
    file.write_text(f"{LEAST}copy: {{store: rest:https://t/, credentials: away/add.yaml}}\n")
    found = read_settings(file)
    assert found.login() == {}
    assert found.copies.login() == {"RESTIC_REST_USERNAME": "a"}
    assert found.copies.login(tidies=True) == {}
    assert found.copies.address("v/a") == "rest:https://t/v/a/"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("image: x\n", ["backup.yaml", "store"]),
        (f"{LEAST}stoer: x\n", ["backup.yaml:3:1", "stoer"]),
        (f"{LEAST}schedule:\n  live_minutes: 0\n", ["backup.yaml:4:3", "schedule.live_minutes"]),
        (f'{LEAST}schedule: {{at_once: "4"}}\n', ["schedule.at_once"]),
        (f"{LEAST}retention: {{dayly: 3}}\n", ["retention.dayly"]),
        (f"{LEAST}excludes: {{names: [data/raw]}}\n", ["excludes.names"]),
        (f'{LEAST}excludes: {{names: ["**"]}}\n', ["excludes.names"]),
        (f"{LEAST}excludes: {{largest_gb: 0}}\n", ["excludes.largest_gb"]),
        ("store: rest:http://store:8000\nimage: x\n", ["backup.yaml:1:1", "store"]),
        ("store: rest:http://a:secret@store/\nimage: x\n", ["store"]),
        (f"{LEAST}tidy_store: s3:https://s/b/\n", ["tidy_credentials"]),
        (f"{LEAST}credentials: nowhere.yaml\n", ["nowhere.yaml cannot be read"]),
        (f"{LEAST}copy: {{store: rest:https://s/, credentials: there.yaml}}\n", ["there.yaml"]),
        (f"{LEAST}copy: {{credentials: there.yaml}}\n", ["backup.yaml:3", "copy.store"]),
        (f"{LEAST}recovery: {{recipient: age1ada}}\n", ["recovery.recipient", "no public key"]),
        ("store: rest:https://s/\nimage: x\ncopy: {store: rest:https://s/}\n", ["another store"]),
        ("- a\n", ["keys and values"]),
        ("a: [\n", ["backup.yaml"]),
    ],
)
def test_a_mistake_is_said_with_its_file_and_key(file, text, parts):
    file.write_text(text)
    with pytest.raises(SettingsError) as error:
        read_settings(file)
    assert not [part for part in parts if part not in f"{error.value}"], error.value


@pytest.mark.parametrize("text", ["USER: a\n", "RESTIC_REST_PASSWORD: 987654321\n"])
def test_a_login_has_restic_s_names_and_its_values_are_never_shown(file, text):
    file.with_name("login.yaml").write_text(text)
    file.write_text(f"{LEAST}credentials: login.yaml\n")
    with pytest.raises(SettingsError, match="RESTIC_REST_USERNAME") as error:
        read_settings(file)
    assert "login.yaml:1:1" in f"{error.value}"
    assert "987654321" not in f"{error.value}"


def test_a_change_is_taken_up_and_a_broken_one_is_not(file, caplog):
    live = LiveSettings(file, LOG)
    file.write_text(f"{LEAST}schedule: {{at_once: 9}}\n")
    live.look()
    assert live.current.schedule.at_once == 9
    file.write_text(f"{LEAST}oops: 1\n")
    live.look()
    live.look()
    assert live.current.schedule.at_once == 9
    assert "oops" in live.problem
    assert len([each for each in caplog.records if "oops" in each.getMessage()]) == 1
    file.write_text(LEAST)
    live.look()
    assert (live.problem, live.current.schedule.at_once) == ("", 4)


def test_a_broken_change_that_is_taken_back_is_no_problem_any_more(file):
    live = LiveSettings(file, LOG)
    file.write_text("nonsense")
    live.look()
    assert live.problem
    file.write_text(LEAST)
    live.look()
    assert not live.problem


def test_a_file_that_goes_away_changes_nothing(file):
    live = LiveSettings(file, LOG)
    file.unlink()
    live.look()
    assert "cannot be read" in live.problem
    assert live.current.image == "gpucommons/backup:1"
