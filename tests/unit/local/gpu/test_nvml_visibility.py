"""Which GPUs there are and what they say of themselves."""

from gpucommons_local.gpu.driver import DRIVER_VERSION, build
from gpucommons_local.gpu.state import MOST_GPUS, GPUState


def test_four_gpus_say_that_they_are_simulated(nvml):
    names = nvml.read("[nvmlDeviceGetName(gpu) for gpu in gpus]")
    assert names == ["NVIDIA H200 Simulated"] * 4


def test_each_gpu_has_its_own_identity(nvml):
    for question in (
        "nvmlDeviceGetUUID(gpu)",
        "nvmlDeviceGetMinorNumber(gpu)",
        "nvmlDeviceGetPciInfo(gpu).busId",
    ):
        answers = nvml.read(f"[{question} for gpu in gpus]")
        assert len(set(answers)) == 4, question


def test_a_gpu_is_found_by_its_uuid_and_its_bus_id(nvml):
    minors = nvml.read(
        "[[nvmlDeviceGetMinorNumber(nvmlDeviceGetHandleByUUID(nvmlDeviceGetUUID(gpu))),"
        " nvmlDeviceGetMinorNumber(nvmlDeviceGetHandleByPciBusId(nvmlDeviceGetPciInfo(gpu).busId))]"
        " for gpu in gpus]"
    )
    assert minors == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_versions_are_those_of_the_driver_root(nvml):
    assert nvml.read("nvmlSystemGetDriverVersion()") == DRIVER_VERSION
    assert nvml.read("nvmlSystemGetCudaDriverVersion()") == 13000


def test_without_the_control_device_the_driver_is_not_loaded(reader, driver_copy):
    for node in driver_copy.devices.iterdir():
        node.unlink()
    output = reader(driver_copy).run(
        "from pynvml import *\n"
        "try: nvmlInit()\n"
        "except NVMLError_DriverNotLoaded: print('not loaded')"
    )
    assert output == "not loaded\n"


def test_only_gpus_with_a_device_node_are_visible_and_numbered_from_zero(reader, driver_copy):
    (driver_copy.devices / "nvidia0").unlink()
    (driver_copy.devices / "nvidia2").unlink()
    (driver_copy.devices / "nvidia2").touch()  # a plain file is no device
    numbers = reader(driver_copy).read(
        "[[nvmlDeviceGetIndex(gpu), nvmlDeviceGetMinorNumber(gpu)] for gpu in gpus]"
    )
    assert numbers == [[0, 1], [1, 3]]


def test_half_a_state_file_is_not_believed(reader, driver_copy):
    path = driver_copy.state_file.path
    driver_copy.state_file.update(lambda state: state.with_gpu(0, GPUState().with_load(90)))
    path.write_text(path.read_text().replace("end ", "end 1"))
    assert reader(driver_copy).read("nvmlDeviceGetUtilizationRates(gpus[0]).gpu") == 0


def test_without_a_state_file_gpus_are_idle(reader, driver_copy):
    driver_copy.state_file.path.unlink()
    assert reader(driver_copy).read("nvmlDeviceGetPowerUsage(gpus[0])") == 75_000


def test_a_machine_can_have_sixteen_gpus_each_with_figures_of_its_own(reader, driver_copy):
    driver_copy.state_file.path.unlink()
    driver = build(driver_copy.path, MOST_GPUS)
    loads = range(MOST_GPUS)
    for number in loads:
        gpu = GPUState().with_load(number)
        driver.state_file.update(lambda state, n=number, gpu=gpu: state.with_gpu(n, gpu))
    read = reader(driver).read("[nvmlDeviceGetUtilizationRates(gpu).gpu for gpu in gpus]")
    assert read == list(loads)
    identities = reader(driver).read(
        "[[nvmlDeviceGetUUID(gpu), nvmlDeviceGetPciInfo(gpu).busId] for gpu in gpus]"
    )
    uuids, buses = zip(*identities, strict=True)
    assert (len(set(uuids)), len(set(buses))) == (MOST_GPUS, MOST_GPUS)
