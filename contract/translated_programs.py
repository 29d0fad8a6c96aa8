"""The programs whose texts are translated: where their messages are, and where the translations.

Each has a file of gettext for every language, which translators edit. The editors' extensions
read JSON, which is written from it.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from gpucommons_contract.words.translation import LOCALE
from gpucommons_lab.languages import LOCALES

ROOT = Path(__file__).parent.parent
Found = tuple[str, str | tuple[str, ...], str | None]
"""A message or its forms, with the file that it is in, and its context."""


class Program(ABC):
    """What people read of one program."""

    value: re.Pattern[str]
    """What stands for a value in a message."""

    @abstractmethod
    def found(self) -> Iterator[Found]:
        """Read the messages from the sources."""

    @abstractmethod
    def file(self, language: str) -> Path:
        """Return where the translation to a language is."""

    def written(self, language: str, translated: Catalog) -> dict[Path, str]:  # noqa: ARG002
        """Return the files that the program itself reads, by their paths; none: it reads `file`."""
        return {}


class Hub(Program):
    """Pages of hub and idle culler, and what servers of sessions say."""

    value = re.compile(r"%\((\w+)\)[sd]")
    _parts = (
        "accounting/gpucommons_accounting",
        "authenticator/gpucommons_authenticator",
        "contract/gpucommons_contract",
        "hub_config/gpucommons_config",
        "idle_culler/gpucommons_culler",
        "lab_extension/gpucommons_lab",
        "spawner/gpucommons_spawner",
        "web/gpucommons_web",
    )
    _mapping = (
        ("**.py", "python"),
        ("**/templates/**.html", "jinja2"),
        ("**/static/**.js", "javascript"),
    )
    _options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}  # noqa: RUF012
    _keywords = {  # noqa: RUF012
        "_": None,
        "gettext": None,
        "ngettext": (1, 2),
        "phrase": None,
        "phrases": (1, 2),
        "deferred": None,
        "forms": (1, 2),
    }

    def found(self) -> Iterator[Found]:
        """Read Python, templates and scripts."""
        for part in self._parts:
            for name, _, message, _, context in extract_from_dir(
                ROOT / part, self._mapping, self._options, self._keywords, strip_comment_tags=True
            ):
                yield f"{part}/{name}", message, context

    def file(self, language: str) -> Path:
        """Return the file, which the programs read themselves."""
        return LOCALE / language / "messages.po"


class JupyterLab(Program):
    """The extension of JupyterLab: its scripts, and the descriptions of its settings."""

    value = re.compile(r"%(\d+)")
    _folder = "lab_extension"
    _keywords = {  # noqa: RUF012
        "__": None,
        "_n": (1, 2),
        "_p": ((1, "c"), 2),
        "_np": ((1, "c"), 2, 3),
    }

    def found(self) -> Iterator[Found]:
        """Read TypeScript and schemas."""
        yield from _typescript(f"{self._folder}/src", self._keywords)
        for schema in sorted((ROOT / self._folder / "schema").glob("*.json")):
            for text in _described(json.loads(schema.read_text())):
                yield str(schema.relative_to(ROOT)), text, None

    def file(self, language: str) -> Path:
        """Return the file beside the one that JupyterLab reads."""
        package = ROOT / self._folder / "gpucommons_lab"
        return package / "locale" / LOCALES[language] / "LC_MESSAGES/gpucommons.po"

    def written(self, language: str, translated: Catalog) -> dict[Path, str]:
        """Write as `jupyterlab_server.translation_utils` and JupyterLab's `Gettext` read it.

        Two forms are written of what has a plural, also where a language has one: JupyterLab
        takes a list of one for a message without a plural, and then stays English.
        """
        texts: dict[str, Any] = {
            "": {
                "domain": "gpucommons",
                "language": LOCALES[language].replace("_", "-"),
                "plural_forms": translated.plural_forms,
            }
        }
        for message in translated:
            if not message.id:
                continue
            key = message.id[0] if message.pluralizable else message.id
            said = list(message.string) if message.pluralizable else [message.string]
            if message.pluralizable and len(said) == 1:
                said *= 2
            texts[f"{message.context}\x04{key}" if message.context else key] = said
        return {self.file(language).with_suffix(".json"): _json(texts)}


class VSCode(Program):
    """The extension of VS Code: its scripts, and what its package.json says."""

    value = re.compile(r"\{(\d+)\}")
    _folder = "vscode_extension"

    def found(self) -> Iterator[Found]:
        """Read TypeScript, and the texts of package.json."""
        yield from _typescript(f"{self._folder}/src", {"t": None})
        for text in self._manifest().values():
            yield f"{self._folder}/package.nls.json", text, None

    def file(self, language: str) -> Path:
        """Return the file beside those that the extension reads."""
        return ROOT / self._folder / "l10n" / f"{language}.po"

    def written(self, language: str, translated: Catalog) -> dict[Path, str]:
        """Write one file for the scripts, and one that VS Code reads for package.json."""
        known = {message.id: message for message in translated if message.id}
        scripts = {
            key: message.string
            for key, message in known.items()
            if any(file.endswith(".ts") for file, _ in message.locations)
        }
        manifest = {key: known[text].string for key, text in self._manifest().items()}
        folder = ROOT / self._folder
        return {
            folder / "l10n" / f"bundle.l10n.{language}.json": _json(scripts),
            folder / f"package.nls.{language}.json": _json(manifest),
        }

    def _manifest(self) -> dict[str, str]:
        file = ROOT / self._folder / "package.nls.json"
        texts: dict[str, str] = json.loads(file.read_text())
        return texts


PROGRAMS: tuple[Program, ...] = (Hub(), JupyterLab(), VSCode())


def _typescript(folder: str, keywords: dict[str, Any]) -> Iterator[Found]:
    """Read the messages of scripts, also of those within template strings."""
    mapping = [("**.ts", "javascript"), ("**.tsx", "javascript")]
    options = {pattern: {"parse_template_string": "true"} for pattern, _ in mapping}
    for name, _, message, _, context in extract_from_dir(ROOT / folder, mapping, options, keywords):
        if "__tests__" not in name:
            yield f"{folder}/{name}", message, context


def _described(schema: object) -> Iterator[str]:
    """Find titles and descriptions in a JSON Schema, as `translated` of schematext.ts does."""
    if isinstance(schema, list):
        for each in schema:
            yield from _described(each)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key in ("title", "description") and isinstance(value, str):
                yield value
            else:
                yield from _described(value)


def _json(texts: dict[str, Any]) -> str:
    return json.dumps(texts, ensure_ascii=False, indent=2) + "\n"
