"""A wheel is made anew for what it is made of, and for nothing else: images follow from it."""

from pathlib import Path

import pytest
from gpucommons_local.images import compiled
from gpucommons_local.images.compiled import Wheel

_PYPROJECT = """
[build-system]
requires = ["hatchling"]
[project]
name = "gpucommons"
[tool.hatch.build]
exclude = ["tests"]
[tool.ruff]
line-length = 100
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(_PYPROJECT)
    source = tmp_path / "contract" / "gpucommons_contract" / "labels.py"
    source.parent.mkdir(parents=True)
    source.write_text("TEAM = 'team'\n")
    monkeypatch.setattr(compiled, "checkout", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after"),
    [("hatchling", "hatchling>=1.27"), ("gpucommons", "commons"), ('"tests"', '"docs"')],
    ids=["build-system", "project", "hatch"],
)
def test_what_pyproject_says_of_the_wheel_makes_another(root: Path, before: str, after: str):
    wheel = Wheel(("contract",)).identity()
    (root / "pyproject.toml").write_text(_PYPROJECT.replace(before, after))
    assert Wheel(("contract",)).identity() != wheel


def test_a_linter_s_setting_makes_no_other_wheel(root: Path):
    wheel = Wheel(("contract",)).identity()
    (root / "pyproject.toml").write_text(_PYPROJECT.replace("100", "99") + "[tool.mypy]\n")
    assert Wheel(("contract",)).identity() == wheel


def test_a_source_of_its_packages_makes_another_and_one_of_other_packages_does_not(root: Path):
    wheel = Wheel(("contract",)).identity()
    other = root / "people" / "gpucommons_people" / "team.py"
    other.parent.mkdir(parents=True)
    other.write_text("")
    assert Wheel(("contract",)).identity() == wheel
    (root / "contract/gpucommons_contract/labels.py").write_text("TEAM = 'group'\n")
    assert Wheel(("contract",)).identity() != wheel
