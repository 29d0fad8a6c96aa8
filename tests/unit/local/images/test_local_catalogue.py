"""The catalogue of a local platform, made of the default one that somebody may have changed."""

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.hub import local_catalogue as module
from gpucommons_local.machine.cache import checkout
from gpucommons_spawner.catalogue.file import load_catalogue

_FILE = "hub_config/gpucommons_config/catalogue.yaml"
_DEFAULT = (checkout() / _FILE).read_text()


@pytest.fixture
def local_catalogue(tmp_path, monkeypatch):
    """Make it of a text, in the place of the default one."""
    monkeypatch.setattr(module, "checkout", lambda: tmp_path)
    monkeypatch.setattr(module, "find_built", lambda _: None)
    file = tmp_path / _FILE
    file.parent.mkdir(parents=True)

    def local_catalogue(text, *later):
        file.write_text(text)
        made = tmp_path / "made.yaml"
        made.write_text(module.local_catalogue(later))
        return load_catalogue(made)

    return local_catalogue


def test_the_hub_reads_what_was_meant(local_catalogue):
    hours = "  schedules: [{name: n, hours: {begin: 20:00, end: 08:00}, rule: {stop_after: 2h}}]\n"
    made = local_catalogue(_DEFAULT + hours)
    assert f"{made.idle.schedules[0].hours.begin:%H:%M}" == "20:00"
    assert made.sizes["gpu"].cpu_request == "100m"


def test_what_is_not_built_is_off_and_administrators_read_how_to_build_it(local_catalogue):
    pytorch = local_catalogue(_DEFAULT).environments["pytorch"]
    assert pytorch.disabled == "Not built on this machine."
    assert pytorch.advice == "Build it: make images IMAGES=pytorch"


def test_what_is_built_after_the_start_is_off_until_then(local_catalogue):
    older = local_catalogue(_DEFAULT).environments["scipy"].versions["2026.05"]
    assert older.disabled == "Not yet built on this machine."
    environments = local_catalogue(_DEFAULT, "pytorch").environments
    assert environments["pytorch"].disabled == "Not yet built on this machine."
    assert environments["pytorch"].advice == "How far it is: make status"
    assert environments["tensorflow"].disabled == "Not built on this machine."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{_DEFAULT}sizes: {{}}\n", r"found duplicate key .sizes."),
        (_DEFAULT.replace("memory: 8Gi", "memory: 8"), "did you mean 8Gi"),
        ("sizes: {}\n", "environments: is missing; add it"),
    ],
)
def test_a_mistake_in_it_is_told_before_anything_starts(local_catalogue, text, says):
    with pytest.raises(PlatformError, match=says):
        local_catalogue(text)
