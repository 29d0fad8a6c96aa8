"""Which errors of a start are those of a person's settings, and in which file."""

import logging

import pytest
from gpucommons_lab.start import session
from gpucommons_lab.start.notices import start_notices
from gpucommons_lab.start.trouble import (
    VARIABLE,
    Settings,
    StartLog,
    Trouble,
    handed_on,
    taken_over,
    why,
)


@pytest.fixture
def settings(tmp_path):
    """A person's settings: two files that are right."""
    folder = tmp_path / ".jupyter"
    folder.mkdir()
    (folder / "jupyter_server_config.json").write_text('{"ServerApp": {"root_dir": "/data"}}')
    (folder / "jupyter_lab_config.py").write_text("c.LabApp.app_dir = '/lab'\n")
    return Settings(folder, tmp_path)


def _exit_after(error: Exception) -> SystemExit:
    try:
        try:
            raise error
        except Exception:
            raise SystemExit(1) from None
    except SystemExit as ended:
        return ended


def test_an_exit_that_the_log_says_nothing_of_is_not_about_settings(settings):
    assert why(SystemExit(1), "", settings) is None


def test_an_error_of_somebody_without_settings_is_not_about_them(tmp_path):
    assert why(ValueError("x"), "", Settings(tmp_path / ".jupyter", tmp_path)) is None


def test_the_file_that_names_what_is_wrong_is_told_or_else_all(settings):
    named = _exit_after(ValueError("The 'app_dir' trait is wrong."))
    trouble = why(named, "", settings)
    assert trouble == Trouble("~/.jupyter/jupyter_lab_config.py", "ValueError: The 'app_dir' "
                              "trait is wrong")  # fmt: skip
    unnamed = why(_exit_after(ValueError("wrong")), "", settings)
    assert unnamed.where == (
        "~/.jupyter/jupyter_server_config.json, ~/.jupyter/jupyter_lab_config.py"
    )


def test_a_long_error_is_cut_to_one_line(settings):
    trouble = why(ValueError("a\n" * 1000), "", settings)
    assert "\n" not in trouble.what
    assert len(trouble.what) < 400


def test_a_trouble_comes_to_the_next_start_as_it_was():
    trouble = Trouble("~/a", "TypeError: ä", set_aside="~/.jupyter")
    assert taken_over({VARIABLE: handed_on(trouble)}) == trouble
    assert taken_over({}) is None


def _log(log: StartLog, message: str, *arguments: object) -> None:
    """Log it as Jupyter's server does where it handles an error."""
    log.listen()
    try:
        raise ValueError("x")
    except ValueError:
        logging.getLogger("ServerApp").warning(message, *arguments, exc_info=True)
    finally:
        log.leave()


def test_files_and_extensions_of_others_are_not_the_persons_to_mend(settings):
    log = StartLog(settings)
    message = "Exception while loading config file %s"
    _log(log, message, "/opt/etc/jupyter/jupyter_config.py")
    _log(log, "Invalid JSON in %s, skipping", "/opt/etc/jupyter/x.json")
    _log(log, "%s | error linking extension: %s", "theirs", "x")
    assert log.found == []
    _log(log, message, str(settings.folder / "jupyter_config.json"))
    assert log.found == [Trouble("~/.jupyter/jupyter_config.json", "ValueError: x")]


def test_after_the_start_nothing_is_noted(settings):
    log = StartLog(settings)
    log.listen()
    log.leave()
    logging.getLogger("ServerApp").critical("stopping")
    assert log.critical == ""


def test_variables_of_a_start_without_settings_do_not_reach_programs():
    trouble = Trouble("~/a", "TypeError", set_aside="~/.jupyter")
    environment = {
        VARIABLE: handed_on(trouble),
        "JUPYTER_CONFIG_DIR": "/tmp/empty",
        "JUPYTERLAB_SETTINGS_DIR": "/home/a/.jupyter/lab/user-settings",
        "OWN": "1",
    }
    assert session.end_of_start(environment) == [trouble]
    assert environment == {"OWN": "1"}


def test_a_server_that_something_else_started_keeps_its_folders():
    environment = {"JUPYTER_CONFIG_DIR": "/srv/settings"}
    assert session.end_of_start(environment) == []
    assert environment == {"JUPYTER_CONFIG_DIR": "/srv/settings"}


def test_five_notices_are_enough():
    notices = start_notices([Trouble(f"~/{number}", "x") for number in range(9)])
    assert [each.id for each in notices] == [f"settings-{number}" for number in range(1, 6)]
