"""A Sphinx extension: pages of the reference from the program, and links to the repository.

A page that has the line ``<!-- generated: settings -->`` gets what ``reference_pages.settings``
makes in that place. A link to a file outside docs/ works in a checkout and on a forge as it is; in
the site it leads to the forge. One that leads nowhere fails the build.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from reference_pages import catalogue, command_line, guard_rules, rights, settings
from sphinx.application import Sphinx
from sphinx.util import logging

_PAGES: dict[str, Callable[[], str]] = {
    "catalogue": catalogue.page,
    "command-line": command_line.page,
    "guard-rules": guard_rules.page,
    "rights": rights.page,
    "settings": settings.page,
}
_GENERATED = re.compile(r"<!-- generated: ([a-z-]+) -->")
_LINK = re.compile(r"(?<!!)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")

log = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add what this extension does to the build."""
    app.add_config_value("repository_address", "", "env", str)
    app.connect("source-read", _read)
    app.connect("env-get-outdated", _made_from_the_program)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    text = _GENERATED.sub(lambda found: _PAGES[found[1]](), source[0])
    source[0] = _LINK.sub(lambda found: _to_forge(app, page, found), text)


def _to_forge(app: Sphinx, page: str, found: re.Match[str]) -> str:
    pages = Path(app.srcdir)
    target = os.path.normpath((pages / page).parent / found[1])
    if Path(target).is_relative_to(pages):
        return found[0]
    if not Path(target).exists():
        log.warning("The link to %s leads nowhere.", found[1], location=page)
    kind = "tree" if Path(target).is_dir() else "blob"
    path = os.path.relpath(target, pages.parent)
    return f"]({app.config.repository_address}/{kind}/main/{path}{found[2] or ''})"


def _made_from_the_program(app: Sphinx, *_more: object) -> list[str]:
    """Name the pages that are read again each time: the program may have changed."""
    return [f"reference/{name}" for name in _PAGES if f"reference/{name}" in app.env.found_docs]
