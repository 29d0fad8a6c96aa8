"""The program that a session runs: JupyterHub's server for one person.

Where it would end before it is up because of the person's own settings of Jupyter, it is started
once more without them, as the same process, so that signals and exit codes stay as they are.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from jupyter_core.paths import jupyter_config_dir

from gpucommons_lab.start.patience import Patience
from gpucommons_lab.start.trouble import (
    VARIABLE,
    Settings,
    StartLog,
    Trouble,
    handed_on,
    taken_over,
    why,
)

_SETTINGS, _LAYOUTS = "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"
_FOLDER = "JUPYTER_CONFIG_DIR"


def _is_up() -> bool:
    """Whether the server was all set up: what ends it from then on is not its settings."""
    app = getattr(sys.modules.get("jupyter_server.serverapp"), "ServerApp", None)
    return app is not None and app.initialized() and hasattr(app.instance(), "_http_server")


_settings = Settings(Path(jupyter_config_dir()), Path.home())
_log = StartLog(_settings)
_patience = Patience(_settings, _is_up)


def main() -> None:
    """Serve until somebody stops it."""
    start = _Start(dict(os.environ), Path.cwd())
    _log.listen()
    try:
        from jupyterhub.singleuser import main as serve  # noqa: PLC0415

        _patience.begin()
        serve()
    except (Exception, SystemExit) as error:
        _patience.end()
        start.again_after(error)
        raise


class _Start:
    """How this process was started, before anybody's settings changed any of it."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder

    def again_after(self, error: BaseException) -> None:
        """Start again without the person's settings, if they ended this start; else return."""
        if VARIABLE in self._environment or _is_up():
            return
        trouble = why(error, _log.critical, _settings)
        if trouble is None:
            return
        traceback.print_exception(error)
        aside = _settings.shown(_settings.folder)
        _tell(f"The session's server does not start with {trouble.where}: {trouble.what}")
        _tell(f"It is started again without the settings in {aside}.")
        self._again(replace(trouble, set_aside=aside))

    def _again(self, trouble: Trouble) -> NoReturn:
        empty = Path(tempfile.mkdtemp(prefix="gpucommons-settings-"))
        (empty / "migrated").touch()  # or Jupyter brings over what IPython 3 had, into it
        lab = _settings.folder / "lab"
        environment = {
            # JupyterLab's own settings and layouts are data, which no start fails of.
            _SETTINGS: str(lab / "user-settings"),
            _LAYOUTS: str(lab / "workspaces"),
            **self._environment,
            _FOLDER: str(empty),
            VARIABLE: handed_on(trouble),
        }
        os.chdir(self._folder)
        sys.stdout.flush()
        os.execve(sys.executable, sys.orig_argv, environment)  # noqa: S606 -- this program again


def end_of_start(environment: MutableMapping[str, str]) -> list[Trouble]:
    """Return what was wrong with the settings; to be called once the server is up.

    Takes out of the environment what was meant for the start alone: kernels and terminals find the
    person's settings where they are. Nothing is known of a server that `main` did not start.
    """
    _log.leave()
    _patience.end()
    if handed := taken_over(environment):
        for name in (VARIABLE, _FOLDER, _SETTINGS, _LAYOUTS):
            environment.pop(name, None)
        return [handed]
    return _log.found


def _tell(sentence: str) -> None:
    sys.stderr.write(f"[gpucommons] {sentence}\n")
    sys.stderr.flush()
