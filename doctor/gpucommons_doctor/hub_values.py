"""Files that say what a hub is set to: z2jh's values, or traits by class name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from gpucommons_contract.formats.wording import joined
from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document
from gpucommons_people.errors import InputError

from gpucommons_doctor.z2jh import KEYS, MOUNTED_KEYS, Values, flaws, merged, on_chart
from gpucommons_doctor.z2jh_hub import Traits, traits_of

_ALLOWED = (
    "Give z2jh's values, such as `hub: {config: {GPUSpawner: {queue: sessions}}}`, or traits by "
    "class name, such as `GPUSpawner: {queue: sessions}`, as in the file that GPUCOMMONS_VALUES "
    "names for the hub."
)


@dataclass(frozen=True, slots=True)
class HubValues:
    """What files say of a hub.

    traits: by class name. chart: the values of z2jh's chart, over its own as far as the checks
    need them; None if none were given.
    """

    traits: Traits = field(default_factory=dict)
    chart: Values | None = None


def read_hub_values(files: Sequence[Path]) -> HubValues:
    """Read z2jh's values, each file over those before it, or one file of traits by class name.

    Which of both a file is, its keys tell; one without any is either. Raises InputError that
    says file and key, and what is allowed.
    """
    read = [(file, values) for file in files if (values := _read(file))]
    of_chart = [(file, values) for file, values in read if _is_of_chart(file, values)]
    if not of_chart:
        return HubValues(_read_traits([file for file, _ in read]))
    if others := [file for file, values in read if (file, values) not in of_chart]:
        raise InputError(
            f"The values {others[0]} are traits by class name, and {of_chart[0][0]} is of z2jh. "
            "Give files of one kind; under z2jh, traits belong below hub.config."
        )
    for file, values in of_chart:
        if found := list(flaws(values)):
            raise InputError("\n".join(f"The values {file}: {each}." for each in found))
    chart = on_chart(merged([values for _, values in of_chart]))
    return HubValues(traits_of(chart), chart)


def _read(file: Path) -> Values:
    """Read a file as Helm does, which takes more for YAML than we let people write for us."""
    try:
        values = yaml.load(file.read_text(encoding="utf-8-sig"), yaml.CSafeLoader)
    except OSError as error:
        raise InputError(f"The values {file} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"The values {file} are not valid YAML:\n{error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"The values {file} hold no keys. {_ALLOWED}")
    return {str(key): value for key, value in values.items()}


def _is_of_chart(file: Path, values: Values) -> bool:
    """Tell by its keys what a file is."""
    chart = [key for key in values if key in KEYS | MOUNTED_KEYS]
    classes = [key for key in values if key[:1].isupper() and key not in MOUNTED_KEYS]
    if others := [key for key in values if key not in chart and key not in classes]:
        raise InputError(
            f"The values {file}: {joined(others, 'or')} is neither a key of z2jh's values "
            f"({', '.join(sorted(KEYS))}) nor the name of a class, such as GPUSpawner. {_ALLOWED}"
        )
    if chart and classes:
        raise InputError(
            f"The values {file} mix what does not go together: {joined(chart)} of z2jh's values, "
            f"and traits of {joined(classes)}, which belong below hub.config there. {_ALLOWED}"
        )
    return bool(chart)


def _read_traits(files: Sequence[Path]) -> Traits:
    """Read the file as the hub does, which reads one."""
    if not files:
        return {}
    if len(files) > 1:
        raise InputError(
            f"The values {joined([str(each) for each in files])} are traits by class name, and the "
            "hub reads one such file. Only z2jh's values may be in several."
        )
    (file,) = files
    try:
        document = read_document(file)
    except YAMLFileError as error:
        raise InputError(f"The values {file} are not valid YAML:\n{error}") from error
    values: Any = document.value
    for name, traits in values.items():
        if not isinstance(traits, Mapping):
            raise InputError(f"{document.at([name])}: {name} must be a mapping of traits.")
    found: Traits = values
    return found
