"""A person's settings that would keep the server from starting: it starts without them."""

from collections.abc import Iterator

import pytest

from .single_user import SingleUser, StubHub, environment_of, files_of

_PY, _JSON = ".jupyter/jupyter_server_config.py", ".jupyter/jupyter_server_config.json"
_PART, _LAB = ".jupyter/jupyter_server_config.d/x.json", ".jupyter/jupyter_lab_config.py"

_ENDING = {
    "a file that exits": ({_PY: "import sys\nsys.exit(3)\n"}, f"~/{_PY}, line 2 (SystemExit: 3)"),
    "a file for all programs that exits": (
        {".jupyter/jupyter_config.py": "raise SystemExit\n"},
        "~/.jupyter/jupyter_config.py, line 1",
    ),
    "a list": ({_JSON: "[]"}, f"~/{_JSON} (it must be an object in braces, and is [])"),
    "another encoding": ({_JSON: '{"A": {"b": "\xe4"}}'}, f"~/{_JSON} (UnicodeDecodeError: "),
    "a list inside": ({_JSON: '{"ServerApp": []}'}, f"~/{_JSON} (ServerApp must be an object"),
    "a part that is a list": ({_PART: "[]"}, f"~/{_PART} (it must be an object"),
    "a value of another type": (
        {_PY: "c.ServerApp.port_retries = 'many'\n", _LAB: ""},
        f"~/{_PY} (TraitError: The 'port_retries' trait of a ServerApp",
    ),
    "a value that JupyterLab does not take": ({_LAB: "c.LabApp.app_dir = 3\n"}, f"~/{_LAB} ("),
    "a value for kernels": (
        {_PY: "c.MappingKernelManager.cull_idle_timeout = 'x'\n"},
        f"~/{_PY} (TraitError: The 'cull_idle_timeout'",
    ),
    "a folder that is gone": (
        {_PY: "c.ServerApp.root_dir = '/nothing/such'\n", _LAB: ""},
        f"~/{_PY} (TraitError: No such directory",
    ),
    "a class that is gone": (
        {_PY: "c.ServerApp.contents_manager_class = 'no.such.Class'\n"},
        f"~/{_PY} (TraitError: The 'contents_manager_class'",
    ),
    "a socket": ({_PY: "c.ServerApp.sock = '/tmp/a.sock'\n"}, f"~/{_PY} (Options --port and"),
    "a setting that another part takes apart": (
        {_PY: "c.ServerApp.tornado_settings = {'headers': 3}\n"},
        f"~/{_PY} (TypeError: ",
    ),
    "an extension that must be there": (
        {
            _PY: "c.ServerApp.jpserver_extensions = {'no_such': True}\n"
            "c.ServerApp.reraise_server_extension_failures = True\n"
        },
        f"~/{_PY} (ExtensionModuleNotFound: ",
    ),
}
"""Files in the home folder, and what is said of them."""

_DONE_WITHOUT = {
    "a file that raises": (
        {_PY: "\nraise RuntimeError('boom')\n"},
        f"settings in ~/{_PY}, line 2 cannot be loaded (RuntimeError: boom)",
    ),
    "a file without an end": (
        {_PY: "import time\ntime.sleep(9999)\n"},
        f"~/{_PY}, line 2 cannot be loaded (TimeoutError: it takes more than 10 seconds)",
    ),
    "half a file": ({_PY: "c.X = (\n"}, f"~/{_PY}, line 1 cannot be loaded (SyntaxError: "),
    "half a JSON file": ({_JSON: "{"}, f"~/{_JSON} cannot be loaded (JSONDecodeError: "),
    "half a part": ({_PART: "{"}, f"~/{_PART} cannot be loaded (JSONDecodeError: "),
    "a file of JupyterLab's that raises": ({_LAB: "import no_such\n"}, f"~/{_LAB}, line 1 cannot"),
    "an extension that is gone": (
        {_PART: '{"ServerApp": {"jpserver_extensions": {"no_such": true}}}'},
        f"The server extension no_such, which ~/{_PART} turns on, cannot be loaded",
    ),
    "no folder": ({".jupyter": ""}, "~/.jupyter cannot be loaded (Not a directory)"),
}


@pytest.fixture(scope="module")
def hub() -> Iterator[StubHub]:
    hub = StubHub()
    yield hub
    hub.close()


@pytest.fixture
def session(hub: StubHub, tmp_path) -> Iterator[SingleUser]:
    session = SingleUser(tmp_path, hub)
    yield session
    session.close()


@pytest.mark.parametrize("kind", _ENDING)
def test_a_session_starts_without_settings_that_end_it_and_says_so(session, kind):
    files, says = _ENDING[kind]
    session.write(files)
    before = files_of(session.home)
    session.program.start()
    [notice] = session.notices()
    assert notice.startswith(f"Jupyter does not start with your settings in {says}")
    assert "uses none of the settings in ~/.jupyter, except JupyterLab's own" in notice
    assert "The session's server does not start with ~/.jupyter/" in session.program.text()
    after = files_of(session.home)
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize("kind", _DONE_WITHOUT)
def test_settings_that_jupyter_does_without_are_told_too(session, kind):
    files, says = _DONE_WITHOUT[kind]
    session.write(files)
    session.program.start()
    [notice] = session.notices()
    assert says in notice
    assert "It is started again" not in session.program.text()


def test_settings_that_are_right_are_in_force_and_nothing_is_said(session):
    session.write({_PY: "c.ServerApp.allow_origin = 'https://a.example.org'\n"})
    session.program.start()
    assert session.notices() == []
    answer = session.client.get("/api/status").raise_for_status()
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example.org"


def test_once_mended_settings_are_used_again(session):
    session.write({_PY: "c.ServerApp.port_retries = 'many'\n"})
    session.program.start()
    assert len(session.notices()) == 1
    session.program.stop()
    session.write({_PY: "c.ServerApp.allow_origin = 'https://a.example.org'\n"})
    session.program.start()
    assert session.notices() == []
    answer = session.client.get("/api/status").raise_for_status()
    assert "Access-Control-Allow-Origin" in answer.headers


@pytest.mark.parametrize("settings", ["", "raise SystemExit(1)\n"])
def test_the_process_stays_the_same_and_ends_as_one_that_is_asked_to(session, settings):
    session.write({_PY: settings})
    session.program.start()
    again = "GPUCOMMONS_START_TROUBLE" in environment_of(session.program)
    assert again == bool(settings)
    process = session.program._process
    process.terminate()
    assert process.wait(60) == 0
    assert "Shutting down" in session.program.text()


def test_a_failure_of_the_second_start_ends_the_session(session):
    session.write({_PY: "raise SystemExit(1)\n"})
    session.program.command.append("--ServerApp.port_retries=many")
    with pytest.raises(AssertionError, match=r"ended:"):
        session.program.start()
    assert session.program.text().count("It is started again") == 1


def test_jupyterlab_keeps_its_settings_and_programs_find_the_person_s(session):
    session.write({_PY: "raise SystemExit(1)\n"})
    session.program.start()
    lab = session.home / ".jupyter" / "lab"
    told = environment_of(session.program)
    assert told["JUPYTERLAB_SETTINGS_DIR"] == str(lab / "user-settings")
    assert told["JUPYTERLAB_WORKSPACES_DIR"] == str(lab / "workspaces")
    code = (
        "import os, pathlib\n"
        "ours = [n for n in os.environ if n.endswith(('CONFIG_DIR', 'S_DIR', 'TROUBLE'))]\n"
        "(pathlib.Path.home() / 'names').write_text(repr(ours))"
    )
    assert session.run_in_kernel(code) == "ok"
    assert (session.home / "names").read_text() == "[]"


def test_neither_a_startup_file_of_kernels_nor_a_broken_setting_of_jupyterlab_matters(session):
    themes = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    module = ".local/lib/python3.11/site-packages/tornado/__init__.py"
    startup = ".ipython/profile_default/startup/00.py"
    session.write({themes: "{", startup: "1 / 0\n", module: "1 / 0\n", "random.py": "1 / 0\n"})
    session.program.start()
    assert session.notices() == []
    assert session.run_in_kernel("1 + 1") == "ok"
