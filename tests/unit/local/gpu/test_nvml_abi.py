"""The library's binary interface against the one that NVIDIA's binding declares."""

import ctypes
import re
import subprocess
from pathlib import Path

import pynvml
import pytest
from gpucommons_local.gpu.driver import sources

STRUCTS = {
    "nvmlMemory_t": pynvml.c_nvmlMemory_t,
    "nvmlMemory_v2_t": pynvml.c_nvmlMemory_v2_t,
    "nvmlPciInfo_t": pynvml.nvmlPciInfo_t,
    "nvmlUtilization_t": pynvml.c_nvmlUtilization_t,
    "nvmlProcessInfo_t": pynvml.c_nvmlProcessInfo_v3_t,
    "nvmlEventData_t": pynvml.c_nvmlEventData_t,
    "nvmlTemperature_v1_t": pynvml.c_nvmlTemperature_v1_t,
    "nvmlDeviceAttributes_t": pynvml.c_nvmlDeviceAttributes,
}


@pytest.fixture(scope="module")
def struct_sizes(tmp_path_factory) -> dict[str, int]:
    """What a C compiler makes of our own header."""
    folder = tmp_path_factory.mktemp("sizes")
    prints = "".join(f'printf("{name} %zu\\n", sizeof({name}));' for name in STRUCTS)
    (folder / "sizes.c").write_text(
        f'#include <stdio.h>\n#include "nvml_abi.h"\nint main(void) {{ {prints} }}\n'
    )
    program = folder / "sizes"
    command = ["cc", f"-I{sources()}", "-o", str(program), str(folder / "sizes.c")]
    subprocess.run(command, check=True)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {name: int(size) for name, size in (line.split() for line in lines.splitlines())}


@pytest.mark.parametrize("name", STRUCTS)
def test_structs_have_the_size_that_nvidias_binding_uses(name, struct_sizes):
    assert struct_sizes[name] == ctypes.sizeof(STRUCTS[name])


def test_every_function_that_nvidias_binding_knows_is_there(driver):
    text = Path(pynvml.__file__).read_text()
    wanted = set(re.findall(r'_nvmlGetFunctionPointer\("(\w+)"\)', text))
    library = ctypes.CDLL(str(driver.library_folder / "libnvidia-ml.so.1"))
    assert len(wanted) > 300
    assert [name for name in sorted(wanted) if not hasattr(library, name)] == []


def test_what_is_not_simulated_is_not_supported(nvml):
    output = nvml.run(
        "from pynvml import *; nvmlInit(); gpu = nvmlDeviceGetHandleByIndex(0)\n"
        "for ask in (nvmlDeviceGetEccMode, nvmlDeviceGetFanSpeed, nvmlDeviceGetComputeMode):\n"
        "    try: print(ask(gpu))\n"
        "    except NVMLError_NotSupported: print('not supported')\n"
    )
    assert output == "not supported\n" * 3
