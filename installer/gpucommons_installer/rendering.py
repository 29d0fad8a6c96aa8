"""The files of an installation, from its answers. Pure: nothing is read but our own templates.

A value in a template for YAML is written by `as_yaml`, and in one for a shell in quotes, so that
no answer can become more than a value.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined

from gpucommons_installer.answers import Answers
from gpucommons_installer.facts import facts, is_elsewhere
from gpucommons_installer.scalars import as_yaml

_FILES = {
    # each file, and of which part it is, where not every installation has it
    "README.md": None,
    ".gitignore": None,
    "jupyterhub.yaml": None,
    "dex.yaml": None,
    "nvidia-device-plugin.yaml": None,
    "catalogue.yaml": None,
    "teams.yaml": None,
    "people.yaml": None,
    "idle-culler.yaml": None,
    "accounting.yaml": "accounting",
    "kustomization.yaml": None,
    "doctor/kustomization.yaml": None,
    "network-policies/kustomization.yaml": "network-policies",
    "queue/kustomization.yaml": "queue",
    "queue/queue.yaml": "queue",
    "certificates/kustomization.yaml": "certificates",
    "certificates/issuer.yaml": "certificates",
    "database/kustomization.yaml": "database",
    "database/storage.yaml": "database",
    "backup-store/kustomization.yaml": "rest-server",
    "backup-store/storage.yaml": "rest-server",
    "backup/kustomization.yaml": "backup",
    "backup/backup.yaml": "backup",
    "earlier-files/kustomization.yaml": "backup",
    "earlier-files/files.yaml": "backup",
    "gpu-processes/kustomization.yaml": "gpu-processes",
    "gpu-operator/kustomization.yaml": "gpu-operator",
    "gpu-operator/configs.yaml": "gpu-operator",
    "secrets/make.sh": "commands",
    "secrets/seal.sh": "sealed-secrets",
    "secrets/external-secrets.yaml": "external-secrets",
}


def render(answers: Answers) -> Mapping[PurePosixPath, str]:
    """Return the text of each file, by its path within the folder."""
    parts = _parts(answers)
    given = facts(answers)
    return {
        PurePosixPath(file): _rendered(file, given)
        for file, part in _FILES.items()
        if part is None or part in parts
    }


def _rendered(file: str, given: Mapping[str, object]) -> str:
    environment = _environment(PurePosixPath(file).suffix)
    text = environment.get_template(_template(file)).render(given)
    return re.sub(r"\n{3,}", "\n\n", text)  # around what is left out


def _parts(answers: Answers) -> set[str]:
    """Name the files that only some installations have, of this one."""
    found = {answers.secrets, answers.backups, *answers.parts}
    if answers.has_backups:
        found.add("backup")
    if answers.has_accounting:
        found.add("accounting")
    if answers.certificates != "issuer":
        found.add("certificates")
    if answers.database == "made":
        found.add("database")
    if is_elsewhere(answers):
        found.add("network-policies")
    if answers.queue == "kueue":
        found.add("queue")
    return found | ({"gpu-operator"} & set(answers.present))


def _template(file: str) -> str:
    """Return the template's name. One called .gitignore would hide files from git and builds."""
    return file.lstrip(".")


@cache
def _environment(suffix: str) -> Environment:
    environment = Environment(  # noqa: S701 -- what escapes is below; none of it is HTML
        loader=PackageLoader("gpucommons_installer"),
        undefined=StrictUndefined,
        finalize=_WRITERS.get(suffix, str),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["shell"] = shlex.quote
    environment.filters["in_double_quotes"] = _in_double_quotes
    return environment


class _Quoted(str):
    """A word that is in quotes already."""

    __slots__ = ()


def _in_double_quotes(text: str) -> _Quoted:
    """Write a text for a shell that puts what a variable holds in the place of ``${name}``."""
    if not _HARMLESS.fullmatch(text):
        raise ValueError(f"{text!r} cannot be quoted for a shell")
    return _Quoted(f'"{text}"')


def _as_word(value: object) -> str:
    return value if isinstance(value, _Quoted) else shlex.quote(str(value))


_HARMLESS = re.compile(r"(\$\{[a-z0-9_]+\}|[A-Za-z0-9_.:/@?=+,'{} -])*")
_WRITERS: dict[str, Callable[[object], str]] = {".yaml": as_yaml, ".sh": _as_word}
