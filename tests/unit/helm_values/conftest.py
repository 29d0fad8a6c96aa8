"""What the tests of values share."""

import pytest
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.file import checked_catalogue
from reference_pages.project import ROOT

from .charts import ENVIRONMENTS, values
from .objects import CLUSTER, one


@pytest.fixture(params=ENVIRONMENTS)
def environment(request):
    return request.param


@pytest.fixture
def hub(environment):
    """The part ``hub`` of the chart jupyterhub's values."""
    return values("jupyterhub", environment)["hub"]


@pytest.fixture
def culler():
    """The idle culler's pod."""
    return one(CLUSTER / "idle-culler" / "deployment.yaml", "Deployment")["spec"]["template"]


@pytest.fixture
def catalogue():
    """The default catalogue."""
    file = ROOT / "hub_config" / "gpucommons_config" / "catalogue.yaml"
    return checked_catalogue(file, utc_today()).catalogue
