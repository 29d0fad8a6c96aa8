"""Templates in JupyterHub's frame, with messages in the language of the request."""

from datetime import datetime
from pathlib import Path

import jinja2
from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words.pages import OPTIONS, TEMPLATES
from markupsafe import Markup

_HERE = Path(__file__).parent


def at(when: datetime) -> Markup:
    """Write a moment as an element; a script replaces it by the reader's own time."""
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), moment(when))


def pages_of(folder: Path) -> jinja2.Environment:
    """Return a service's templates, which may extend ``service_frame.html``."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, _HERE / "templates", TEMPLATES]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        **OPTIONS,
    )
    pages.globals.update(at=at)
    return pages
