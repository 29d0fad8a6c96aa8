"""The objects of cluster/ and of a team, as their files have them."""

from pathlib import Path
from typing import Any

import yaml
from reference_pages.project import ROOT

CLUSTER = ROOT / "cluster"
TEAM_BASE = ROOT / "people" / "gpucommons_people" / "team_base"

Object = dict[str, Any]


def objects(file: Path) -> list[Object]:
    """Read all objects of a file."""
    return [each for each in yaml.safe_load_all(file.read_text()) if each]


def one(file: Path, kind: str) -> Object:
    """Read the one object of this kind in a file."""
    (found,) = (each for each in objects(file) if each["kind"] == kind)
    return found
