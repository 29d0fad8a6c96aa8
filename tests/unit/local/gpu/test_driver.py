"""Building the driver root."""

import os
import stat

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import driver as driver_module
from gpucommons_local.gpu.driver import DRIVER_VERSION, build
from gpucommons_local.gpu.state import GPUState


def test_the_root_holds_what_the_container_toolkit_looks_for(driver):
    for name in ("libnvidia-ml.so.1", "libcuda.so.1", "libcuda.so"):
        assert (driver.library_folder / name).resolve().name.endswith(f".so.{DRIVER_VERSION}")
    for name in ("nvidia-smi", "nvidia-cuda-mps-control", "nvidia-cuda-mps-server"):
        assert os.access(driver.program_folder / name, os.X_OK)
    assert driver.state_file.path.match(f"*.so.{DRIVER_VERSION}")
    assert not driver.state_file.path.name.startswith("lib")  # or ldconfig would take it for one


def test_each_group_of_gpus_has_a_folder_with_its_nodes_only(driver):
    control = {"nvidiactl", "nvidia-uvm"}
    for folder, gpus in (
        (driver.devices, "0123"),
        (driver.exclusive_devices, "01"),
        (driver.shared_devices, "23"),
    ):
        assert {node.name for node in folder.iterdir()} == control | {f"nvidia{n}" for n in gpus}
        for node in folder.iterdir():
            assert stat.S_IMODE(node.stat().st_mode) == 0o666


def test_a_second_build_compiles_nothing_and_keeps_the_state(driver_copy, monkeypatch):
    driver_copy.state_file.update(lambda state: state.with_gpu(0, GPUState().with_load(40)))
    monkeypatch.setattr(driver_module, "_compile", lambda root: pytest.fail("compiled again"))
    build(driver_copy.path)
    assert driver_copy.state_file.read().gpus[0].utilization == 40


def test_a_changed_source_is_compiled_into_a_new_file(driver_copy, monkeypatch):
    library = driver_copy.library_folder / f"libnvidia-ml.so.{DRIVER_VERSION}"
    before = library.stat().st_ino
    with library.open("rb") as held:  # as a session holds it
        (driver_copy.path / ".sources").write_text("of another day")
        build(driver_copy.path)
        assert os.fstat(held.fileno()).st_ino == before
    assert library.stat().st_ino != before


def test_a_machine_without_a_compiler_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="apt-get install build-essential"):
        build(tmp_path / "driver")


def test_a_machine_that_forbids_device_nodes_is_told_so(driver_copy, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    (driver_copy.devices / "nvidia0").unlink()
    monkeypatch.setattr(os, "mknod", refuse)
    with pytest.raises(PlatformError, match=r"device node .*/dev/nvidia0"):
        build(driver_copy.path)
