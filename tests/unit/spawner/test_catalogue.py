"""What a catalogue may say, and what its author is told about a mistake."""

from decimal import Decimal
from pathlib import Path

import gpucommons_config
import pytest
from gpucommons_spawner.catalogue import Allowance, Quotas
from gpucommons_spawner.catalogue_file import CatalogueError, load_catalogue

from .conftest import CATALOGUE, TODAY


def _complaint(tmp_path, old: str, new: str) -> str:
    assert old in CATALOGUE
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace(old, new, 1))
    with pytest.raises(CatalogueError) as raised:
        load_catalogue(file)
    return str(raised.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "cpu: 500m, memory: 1Gi",
            "cpu: 500m, memroy: 1Gi",
            "catalogue.yaml:20: sizes.cpu.memroy: unknown key; did you mean memory?",
        ),
        (
            "    memory: 8Gi\n",
            "",
            "catalogue.yaml:28: sizes.gpu.memory: is missing; add it",
        ),
        (
            "mode: exclusive, count: 2",
            "mode: exclusiv, count: 2",
            "catalogue.yaml:38: sizes.gpus.gpu: has an unknown mode; write exclusive, mps, "
            "timeslice, mig, hami or dra",
        ),
        (
            "shares: 4, thread",
            "shares: 1, thread",
            "catalogue.yaml:27: sizes.share.gpu.shares: must be greater than or equal to 2",
        ),
        (
            "cpu: 500m",
            "cpu: lots",
            "catalogue.yaml:20: sizes.cpu.cpu: 'lots' is not an amount; "
            "write one such as 2, 500m, 8Gi or 1.5G",
        ),
        (
            '"2.9": {image',
            "2.9: {image",
            "catalogue.yaml:12: environments.pytorch.versions.2.9: "
            "this key is not text; put it in quotes",
        ),
        (
            "  tensorflow:\n",
            "  Tensor Flow:\n",
            "catalogue.yaml:14: environments.Tensor Flow: this name may hold only letters, "
            "digits, dots and hyphens, and begins with a lowercase letter or digit",
        ),
        (
            "size: cpu}",
            "size: cpus}",
            "catalogue.yaml:1: defaults.size: cpus is none of cpu, share, gpu, gpus; "
            "write one of them",
        ),
        (
            "cpu_request: 0.25",
            "cpu_request: 3",
            "catalogue.yaml:24: sizes.share.cpu_request: is more than cpu; lower it",
        ),
        (
            "environments:",
            "environments: {",
            "catalogue.yaml:4: not valid YAML: expected ',' or '}', but got ':'",
        ),
        (
            "  gpu:\n    display_name: Whole GPU",
            "  cpu:\n    display_name: Whole GPU",
            'catalogue.yaml:28: not valid YAML: found duplicate key "cpu"',
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path, old, new, complaint):
    assert _complaint(tmp_path, old, new).splitlines()[0] == complaint


def test_every_mistake_is_named_at_once(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.replace("500m", "lots").replace("shares: 4", "shares: 1"))
    with pytest.raises(CatalogueError) as raised:
        load_catalogue(file)
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize("text", ["", "- a list", "just words"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    file = tmp_path / "catalogue.yaml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match="must be a mapping with environments and sizes"):
        load_catalogue(file)


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(CatalogueError, match=r"No such file.*GPUSpawner\.catalogue_file"):
        load_catalogue(tmp_path / "none.yaml")


def test_the_default_catalogue_is_valid():
    load_catalogue(Path(gpucommons_config.__file__).with_name("catalogue.yaml"))


def test_without_a_mark_the_first_version_that_is_on_is_the_default(catalogue):
    versions = dict(catalogue.environments["scipy"].versions)
    versions = {name: one.model_copy(update={"default": False}) for name, one in versions.items()}
    versions = {"2025.11": versions.pop("2025.11"), **versions}
    environment = catalogue.environments["scipy"].model_copy(update={"versions": versions})
    assert environment.default_version(TODAY) == "2026.11"


@pytest.mark.parametrize(
    ("groups", "sessions", "gpus"),
    [
        ((), 2, "1"),
        (("others",), 2, "1"),
        (("students",), 1, "0.25"),
        (("researchers",), 2, "4"),
        (("students", "researchers"), 2, "4"),
    ],
)
def test_the_most_generous_group_decides(catalogue, groups, sessions, gpus):
    allowance = catalogue.quotas.of(groups)
    assert (allowance.sessions, allowance.gpus) == (sessions, Decimal(gpus))


def test_no_limit_is_the_most_generous():
    quotas = Quotas(
        default=Allowance(gpus=Decimal(1)),
        groups={"a": Allowance(gpus=Decimal(8)), "b": Allowance(gpus=None)},
    )
    assert quotas.of(["a", "b"]).gpus is None
