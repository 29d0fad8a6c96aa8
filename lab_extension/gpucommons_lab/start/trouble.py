"""What is wrong with a person's settings of Jupyter, as found when the server starts."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "GPUCOMMONS_START_TROUBLE"
"""Environment variable by which a start that failed tells the next one why, as JSON."""
_LONGEST = 300
"""Characters of what is told of an error."""
_NAMES = ("jupyter_config", "jupyter_server_config", "jupyter_lab_config")
_LOGGERS = ("ServerApp", "LabApp", "GPUCommonsLab", "JupyterHubSingleUser")
"""Named after the programs whose settings are read."""
_QUOTED = re.compile(r"'([^']+)'")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. ``where`` is a file, perhaps with a line, or a folder."""

    where: str
    what: str
    """The error, in one line."""
    extension: str = ""
    """Name of the server extension that ``where`` enables, if that is what cannot be loaded."""
    set_aside: str = ""
    """The folder that the whole session does without, where the server would not start with it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A person's folder of Jupyter's settings, which the server reads, and their home folder."""

    folder: Path
    home: Path

    def files(self) -> list[Path]:
        """Return what of it the server reads when it starts."""
        found = [self.folder / f"{name}{end}" for name in _NAMES for end in (".py", ".json")]
        parts = [each for name in _NAMES for each in self._parts(name)]
        return [each for each in found if _is_file(each)] + parts

    def own(self, file: str | None) -> bool:
        """Whether a file is the person's own, and not of the Python that runs this."""
        if not file or file.startswith("<"):
            return False
        of_python = any(Path(file).is_relative_to(each) for each in (sys.prefix, sys.base_prefix))
        return Path(file).is_relative_to(self.home) and not of_python

    def shown(self, path: Path | str) -> str:
        """Write a path as its person does, with ``~``."""
        path = Path(path)
        if path.is_relative_to(self.home):
            return str(Path("~") / path.relative_to(self.home))
        return str(path)

    def unreadable(self) -> Trouble | None:
        """Return why the folder is of no use, if it is none."""
        try:
            next(self.folder.iterdir(), None)
        except FileNotFoundError:
            return None
        except OSError as error:
            return Trouble(self.shown(self.folder), error.strerror or str(error))
        return None

    def _parts(self, name: str) -> list[Path]:
        try:
            return sorted((self.folder / f"{name}.d").glob("*.json"))
        except OSError:
            return []


def why(error: BaseException, said: str, settings: Settings) -> Trouble | None:
    """Say what of somebody's settings ended a start; None where it was none of them.

    said is the last critical message of the log: what Jupyter says before it exits.
    """
    cause = _cause(error)
    own = [
        each for each in traceback.extract_tb(cause.__traceback__) if settings.own(each.filename)
    ]
    if own:
        where = f"{settings.shown(own[-1].filename)}, line {own[-1].lineno}"
        return Trouble(where, in_one_line(cause))
    files = settings.files()
    if isinstance(cause, SystemExit):
        if not said:  # it was not about settings: the hub could not be reached
            return None
        what = said.removeprefix("Bad config encountered during initialization: ")
    else:
        what = in_one_line(cause)
    if not files:
        return None
    if not isinstance(cause, SystemExit):
        for each in files:
            if each.suffix == ".json" and (wrong := _wrong_json(each)):
                return Trouble(settings.shown(each), wrong)
    where = ", ".join(settings.shown(each) for each in _naming(what, files))
    return Trouble(where, _short(what))


def in_one_line(error: BaseException) -> str:
    """Write an error as a traceback's last line does."""
    text = _short(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class StartLog(logging.Filter):
    """Notes what Jupyter logs of broken settings that it does without by itself.

    It lets all through. A filter, because Jupyter's programs set their loggers' handlers anew, and
    have them keep to themselves what is logged.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._found: dict[str, Trouble] = {}
        self.critical = ""
        """The last message that is critical."""

    @property
    def found(self) -> list[Trouble]:
        """What was noted, the first of each file or extension."""
        return list(self._found.values())

    def listen(self) -> None:
        """Look at the folder, and note from now on what is logged."""
        if unreadable := self._settings.unreadable():
            self._found["."] = unreadable
        for each in _LOGGERS:
            logging.getLogger(each).addFilter(self)

    def leave(self) -> None:
        """Note nothing from now on."""
        for each in _LOGGERS:
            logging.getLogger(each).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Note a record, if it is of that kind. The texts are traitlets' and Jupyter Server's."""
        self._note(record)
        return True

    def _note(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.CRITICAL:
            self.critical = _short(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        name = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
        message = str(record.msg)
        if message == "Exception while loading config file %s" and error:
            self._note_file(name, error)
        elif message == "Invalid JSON in %s, skipping":
            self._note_json(name)
        elif message.startswith("%s | ") and error:
            self._note_extension(name, error)

    def _note_file(self, name: str, error: BaseException) -> None:
        if not self._settings.own(name):
            return
        lines = [
            each.lineno
            for each in traceback.extract_tb(error.__traceback__)
            if each.filename == name
        ]
        if isinstance(error, SyntaxError) and error.filename == name:
            lines = [error.lineno]
        shown = self._settings.shown(name)
        where = f"{shown}, line {lines[-1]}" if lines and name.endswith(".py") else shown
        self._found.setdefault(name, Trouble(where, in_one_line(error)))

    def _note_json(self, name: str) -> None:
        if self._settings.own(name):
            what = _wrong_json(Path(name)) or "it is not JSON"
            self._found.setdefault(name, Trouble(self._settings.shown(name), what))

    def _note_extension(self, name: str, error: BaseException) -> None:
        """Note an extension of the person's own; another's is not theirs to mend."""
        enabling = _naming(f"'{name}'", self._settings.files(), all_of_them=False)
        if enabling:
            where = self._settings.shown(enabling[0])
            self._found.setdefault(f"|{name}", Trouble(where, in_one_line(error), extension=name))


def handed_on(trouble: Trouble) -> str:
    """Write a trouble for the next start."""
    return json.dumps(asdict(trouble))


def taken_over(environment: Mapping[str, str]) -> Trouble | None:
    """Read what the start before this one handed on; None for the first start."""
    text = environment.get(VARIABLE)
    return Trouble(**json.loads(text)) if text else None


def _cause(error: BaseException) -> BaseException:
    """Return what an exit was for."""
    while isinstance(error, SystemExit) and (before := error.__cause__ or error.__context__):
        error = before
    return error


def _naming(what: str, files: Iterable[Path], *, all_of_them: bool = True) -> list[Path]:
    """Return the files that have a quoted word of a message, or else all of them."""
    files = list(files)
    for word in _QUOTED.findall(what):
        if naming := [each for each in files if word in _text(each)]:
            return naming
    return files if all_of_them else []


def _wrong_json(file: Path) -> str:
    """Say what is wrong with a JSON file of settings; empty if nothing is."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return in_one_line(error)
    if not isinstance(found, dict):
        return f"it must be an object in braces, and is {_short(json.dumps(found))}"
    for name, value in found.items():
        if not isinstance(value, dict) and name[:1].isupper():
            return f"{name} must be an object in braces, and is {_short(json.dumps(value))}"
    return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _short(text: str) -> str:
    text = " ".join(text.split()).removesuffix(".")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
