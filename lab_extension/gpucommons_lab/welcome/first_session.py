"""Puts the notebook into a home folder where nobody has worked yet, once."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_NAME = "Welcome.ipynb"


def ours(language: str) -> Path:
    """Return the notebook where an installation has none of its own; in English if need be."""
    folder = Path(__file__).parent
    found = folder / f"welcome.{language}.ipynb"
    return found if found.exists() else folder / "welcome.ipynb"


@dataclass(frozen=True, slots=True)
class HomeFolder:
    """A home folder, and what tells in it that somebody has been there."""

    home: Path
    marker: Path
    """A file that says that the notebook was there once."""
    layouts: Path
    """JupyterLab's own folder of arrangements, which it makes when it is first used."""

    def is_new(self) -> bool:
        """Whether this is the first session in it."""
        return not self.marker.exists() and not self.layouts.exists()


def layouts_folder(config: Path, environment: Mapping[str, str]) -> Path:
    """Return where JupyterLab keeps its arrangements; config is Jupyter's folder of settings."""
    return Path(environment.get("JUPYTERLAB_WORKSPACES_DIR") or config / "lab/workspaces")


def put_welcome(folder: HomeFolder, template: Path, facts: Mapping[str, str]) -> Path | None:
    """Write the notebook into a home folder that is new; None if there is none to open.

    A person's file of the same name is left alone. What goes wrong is logged: a session is
    worth more than its welcome.
    """
    try:
        if not folder.is_new():
            return None
        text = _filled(template, facts)
        path = folder.home / _NAME
        _write_new(path, text)
    except FileExistsError:
        log.info("No welcome notebook: %s is there already", _NAME)
        return None
    except (OSError, ValueError) as error:
        log.warning("No welcome notebook: %s", error)
        return None
    try:
        folder.marker.parent.mkdir(parents=True, exist_ok=True)
        folder.marker.touch()
    except OSError as error:  # the notebook is there: none is written over it next time
        log.warning("It cannot be noted that the welcome notebook was shown: %s", error)
    return path


def _filled(template: Path, facts: Mapping[str, str]) -> str:
    """Return a notebook with its facts. Raises OSError and ValueError."""
    notebook: Any = json.loads(template.read_text(encoding="utf-8"))
    try:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = _with_facts("".join(cell["source"]), facts)
    except (TypeError, KeyError) as error:
        raise ValueError(f"{template} is no notebook of format 4") from error
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _with_facts(text: str, facts: Mapping[str, str]) -> str:
    for name, fact in facts.items():
        text = text.replace(f"{{{{{name}}}}}", fact)
    return text.strip()


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:  # the disk is full: half a notebook helps nobody
            path.unlink()
            raise
