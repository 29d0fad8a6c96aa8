"""What unit tests of several parts share: the simulated driver, and no deadlines."""

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.driver import DriverRoot, build
from hypothesis import settings

# How long an example takes says more of what else the machine does than of our code.
settings.register_profile("gpucommons", deadline=None)
settings.load_profile("gpucommons")


@pytest.fixture(scope="session")
def built_driver(tmp_path_factory: pytest.TempPathFactory) -> DriverRoot:
    try:
        return build(tmp_path_factory.mktemp("driver"))
    except PlatformError as error:
        pytest.skip(f"no simulated driver: {error}")


@pytest.fixture
def driver(built_driver: DriverRoot) -> DriverRoot:
    """The driver with idle GPUs."""
    built_driver.state_file.update(lambda state: state.reset())
    return built_driver
