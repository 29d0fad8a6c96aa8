"""What the tests of our objects share."""

import pytest
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.file import checked_catalogue
from reference_pages.project import ROOT


@pytest.fixture
def catalogue():
    """The default catalogue."""
    file = ROOT / "hub_config" / "gpucommons_config" / "catalogue.yaml"
    return checked_catalogue(file, utc_today()).catalogue
