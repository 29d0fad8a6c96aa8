"""The welcome notebook: what it says, and where it is put."""

import json
import re
from pathlib import Path

import gpucommons_lab
import nbformat
import pytest
from babel.messages.pofile import read_po
from gpucommons_contract import SessionInfo
from gpucommons_lab.languages import LOCALES
from gpucommons_lab.welcome.facts import session_facts
from gpucommons_lab.welcome.first_session import HomeFolder, ours, put_welcome

SESSION = SessionInfo("SciPy", "2026.11", "Share of a GPU", "Vision", "", 8 * 3600, 1800, 3600)
DOCUMENTATION = "https://docs.example.org/gpus/"


def facts_in(language: str) -> dict[str, str]:
    return session_facts(SESSION, "Vision Lab", DOCUMENTATION, Path("/home/me"), language)


FACTS = facts_in("en")
OURS = ours("en")


_LOCALE = Path(gpucommons_lab.__file__).parent / "locale"
_NAMES = re.compile(r"{{\w+}}")


def _cells(notebook: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook.read_text())["cells"]]


def _menu(language: str) -> dict[str, str]:
    """The Lab extension's own texts, in a language that it is translated to."""
    with _LOCALE.joinpath(LOCALES[language], "LC_MESSAGES/gpucommons.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file)}


@pytest.fixture
def folder(tmp_path) -> HomeFolder:
    home = tmp_path / "home"
    home.mkdir()
    return HomeFolder(home, home / ".local/gpucommons/welcome", home / ".jupyter/lab/workspaces")


def words(path: Path | None) -> str:
    assert path is not None
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return "\n".join(cell["source"] for cell in notebook["cells"])


def test_it_says_what_is_true_of_this_session_and_installation(folder):
    said = words(put_welcome(folder, OURS, FACTS))
    for each in (
        "# Welcome to Vision Lab\n",
        "SciPy 2026.11 · Share of a GPU",
        "stopped after **1 hour**",
        "warned after 30 minutes",
        "ends **8 hours** after its start",
        "[documentation](https://docs.example.org/gpus/)",
    ):
        assert each in said
    assert "{{" not in said


@pytest.mark.parametrize(
    ("warn", "stop", "says"),
    [
        (None, None, "No session is stopped here because nobody uses it."),
        (None, 60, "A session that nobody uses is stopped after **1 minute**."),
        (60, None, "You are reminded of a session that you have not used for 1 minute."),
    ],
)
def test_it_says_what_the_idle_rule_does(warn, stop, says):
    session = SessionInfo("SciPy", "1", "CPU", "Vision", idle_warn_after=warn, idle_stop_after=stop)
    facts = session_facts(session, "Vision Lab", "", Path("/home/me"), "en")
    assert facts["idle"] == says
    assert facts["documentation"] == ""


def test_it_comes_once_and_not_again_when_it_was_deleted(folder):
    path = put_welcome(folder, OURS, FACTS)
    assert path is not None
    path.unlink()
    assert put_welcome(folder, OURS, FACTS) is None
    assert not path.exists()


def test_who_has_worked_there_before_gets_none(folder):
    folder.layouts.mkdir(parents=True)
    assert put_welcome(folder, OURS, FACTS) is None
    assert list(folder.home.iterdir()) == [folder.home / ".jupyter"]


def test_a_file_of_that_name_stays_as_it_is(folder):
    (folder.home / "Welcome.ipynb").write_text("mine")
    assert put_welcome(folder, OURS, FACTS) is None
    assert (folder.home / "Welcome.ipynb").read_text() == "mine"


def test_a_home_folder_that_takes_nothing_is_logged(folder, caplog):
    folder.home.rmdir()
    folder.home.symlink_to("/proc/self")  # nothing can be made there
    assert put_welcome(folder, OURS, FACTS) is None
    assert "No welcome notebook" in caplog.text


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [1]}', '{"worksheets": []}'])
def test_a_template_that_is_no_notebook_is_logged_and_left_out(folder, tmp_path, caplog, content):
    (template := tmp_path / "template.ipynb").write_text(content)
    for each in (template, tmp_path / "absent.ipynb"):
        assert put_welcome(folder, each, FACTS) is None
    assert caplog.text.count("No welcome notebook") == 2
    assert list(folder.home.iterdir()) == []


def test_an_installations_own_notebook_may_use_what_it_likes_and_keeps_its_code(folder, tmp_path):
    cell = {"id": "a", "metadata": {}}
    cells = [
        {**cell, "cell_type": "markdown", "source": "Hello {{team}}, $$x$$ {{other}}"},
        {**cell, "id": "b", "cell_type": "code", "source": "f'{{idle}}'", "outputs": []},
    ]
    cells[1]["execution_count"] = None
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (template := tmp_path / "own.ipynb").write_text(json.dumps(notebook))
    assert (
        words(put_welcome(folder, template, FACTS)) == "Hello Vision, $$x$$ {{other}}\nf'{{idle}}'"
    )


@pytest.mark.parametrize("language", ["en", *LOCALES])
def test_ours_has_the_kernel_that_every_image_has(language):
    assert json.loads(ours(language).read_text())["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize(
    ("language", "says"),
    [("de", "wird nach **1 Stunde** beendet"), ("ko", "**1시간** 뒤에 종료됩니다")],
)
def test_it_is_in_the_sessions_language_with_all_that_the_english_one_says(folder, language, says):
    assert says in words(put_welcome(folder, ours(language), facts_in(language)))
    theirs = "\n".join(_cells(ours(language)))
    assert len(_cells(ours(language))) == len(_cells(OURS))
    assert _NAMES.findall(theirs) == _NAMES.findall("\n".join(_cells(OURS)))


@pytest.mark.parametrize("language", ["en", *LOCALES])
def test_it_names_entries_of_the_file_menu_as_the_menu_does(language):
    """Of the File menu itself JupyterLab's language pack has the name."""
    menu = _menu(language) if language in LOCALES else {}
    for entry in ("Stop This Session and Free the GPU…", "My Sessions"):
        assert f" → {menu.get(entry, entry)}*" in "\n".join(_cells(ours(language)))
