"""The lab's name, logo and colour on all pages of hub and culler."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from gpucommons_contract.brand import (
    ACCENT,
    LAB_NAME,
    LOGO_TYPES,
    Appearance,
    accent_problem,
    lab_name_problem,
)
from tornado.web import RequestHandler
from traitlets import TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gpucommons_config.composition import add

STYLE = r"/gpucommons/brand.css"
"""Below the hub's address: what its pages and the culler's add to JupyterHub's styles."""

_BEGINNINGS = {
    ".png": (b"\x89PNG",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF8",),
    ".webp": (b"RIFF",),
}
_BEGINNING = 4096
"""Bytes of a file that are looked at. An SVG file may begin with comments."""


class Brand(Configurable):
    """The lab's name, logo and colour on every page of the hub, at sign-in and of the idle culler.

    Dex has the same three under ``frontend``.
    """

    name = Unicode(
        LAB_NAME,
        help="""
        Name of the installation, in the bar of every page and in the titles of pages; at most 40
        characters. Example: ``name: Vision Lab GPUs``
        """,
    ).tag(config=True)

    logo_file = Unicode(
        "",
        help="""
        Path of a picture for the bar, as the hub sees it: SVG, PNG, JPEG, GIF or WebP. It is shown
        28 pixels high. Empty, the default: JupyterHub's logo.
        Example: ``logo_file: /etc/gpucommons/brand/logo.svg``
        """,
    ).tag(config=True)

    accent = Unicode(
        ACCENT,
        help="""
        Colour of the main buttons, as ``#`` and six hexadecimal digits. Their text is white: with
        a contrast below 4.5 the hub does not start. The default is JupyterHub's own.
        Example: ``accent: "#7b2d8e"``
        """,
    ).tag(config=True)

    @validate("name")
    def _name_of_lab(self, proposal: Mapping[str, str]) -> str:
        return _checked("name", proposal["value"], lab_name_problem(proposal["value"]))

    @validate("logo_file")
    def _image(self, proposal: Mapping[str, str]) -> str:
        file = proposal["value"]
        known = not file or Path(file).suffix.lower() in LOGO_TYPES
        problem = "" if known else f"it must be an image: a file that ends in {_ends()}"
        return _checked("logo_file", file, problem)

    @validate("accent")
    def _readable(self, proposal: Mapping[str, str]) -> str:
        return _checked("accent", proposal["value"], accent_problem(proposal["value"]))

    @property
    def appearance(self) -> Appearance:
        """Name and colour, for pages that the hub does not serve."""
        return Appearance(self.name, self.accent)

    def check_logo(self) -> None:
        """Look at the logo's file. Raises TraitError for one that is away or no image."""
        if self.logo_file:
            _checked("logo_file", self.logo_file, _file_problem(Path(self.logo_file)))


def add_brand(c: Config) -> None:
    """Give the hub's pages the name, logo and colour that ``c.Brand`` says, or the usual ones.

    What the installation set itself, as `JupyterHub.logo_file`, stays. A mistake stops the hub.
    """
    try:
        brand = Brand(config=c)
        brand.check_logo()
    except TraitError as error:
        sys.exit(f"gpucommons: {error}")
    hub = c.JupyterHub
    add(hub, "template_vars", {"lab_name": brand.name})
    add(c.GPUSpawner, "lab_name", brand.name)
    add(hub, "extra_handlers", [(STYLE, BrandStyle, {"accent": brand.accent})])
    if brand.logo_file:
        add(hub, "logo_file", brand.logo_file)


class BrandStyle(RequestHandler):
    """Serves `STYLE` to everybody: those who have not signed in see pages, too."""

    def initialize(self, accent: str) -> None:
        """accent: a colour that was checked."""
        self._accent = accent

    def get(self) -> None:
        """Respond with the style sheet. Browsers ask whether it has changed, unless `v` says so."""
        versioned = self.get_query_argument("v", "")
        self.set_header("Content-Type", "text/css")
        self.set_header(
            "Cache-Control",
            "public, max-age=31536000, immutable" if versioned else "no-cache",
        )
        accent = f":root {{ --gpucommons-accent: {self._accent}; }}\n"
        self.finish(accent + _styles())


@cache
def _styles() -> str:
    return Path(__file__).with_name("brand.css").read_text(encoding="utf-8")


def _checked(trait: str, value: str, problem: str) -> str:
    if problem:
        raise TraitError(f"Brand.{trait} is {value!r}: {problem}.")
    return value


def _file_problem(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            beginning = opened.read(_BEGINNING)
    except OSError as error:
        return (
            f"the hub cannot read it ({error.strerror}). Mount the file into the hub, or leave "
            "this unset for JupyterHub's logo"
        )
    if _is_image(file.suffix.lower(), beginning):
        return ""
    return f"its content is no {file.suffix[1:].upper()} image. Name one that a browser shows"


def _is_image(ending: str, beginning: bytes) -> bool:
    if ending == ".svg":
        return b"<svg" in beginning
    return beginning.startswith(_BEGINNINGS[ending])


def _ends() -> str:
    return f"{', '.join(LOGO_TYPES[:-1])} or {LOGO_TYPES[-1]}"
