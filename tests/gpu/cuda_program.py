"""A program on the GPU, by the driver's own library alone: ``python cuda_program.py MIB``.

Prints ``ready PID`` once it holds so much memory, or ``failed CODE``. For each line that it reads
it fills the memory for a second and prints the GB/s; it ends with its input. It needs Python's own
library alone. See the CUDA driver API.
"""

import ctypes
import os
import sys
import time

_SECOND = 1.0
_MIB = 2**20


class CUDAError(Exception):
    """A call failed. ``code`` is CUresult's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"CUDA error {code}")
        self.code = code


def check(code: int) -> None:
    """Raise CUDAError unless a call went well."""
    if code:
        raise CUDAError(code)


class Memory:
    """So many MiB of the first GPU, in its primary context."""

    def __init__(self, mib: int) -> None:
        self._cuda = ctypes.CDLL("libcuda.so.1")
        self._size = ctypes.c_size_t(mib * _MIB)
        self._address = ctypes.c_uint64()
        device, context = ctypes.c_int(), ctypes.c_void_p()
        check(self._cuda.cuInit(0))
        check(self._cuda.cuDeviceGet(ctypes.byref(device), 0))
        check(self._cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
        check(self._cuda.cuCtxSetCurrent(context))
        check(self._cuda.cuMemAlloc_v2(ctypes.byref(self._address), self._size))
        self.fill()

    def fill(self) -> None:
        """Write all of it once."""
        check(self._cuda.cuMemsetD8_v2(self._address, ctypes.c_ubyte(1), self._size))
        check(self._cuda.cuCtxSynchronize())

    def rate(self) -> float:
        """Write it for a second; GB/s."""
        began, written = time.monotonic(), 0
        while (took := time.monotonic() - began) < _SECOND:
            self.fill()
            written += self._size.value
        return written / took / 1e9


def main() -> None:
    """Do what the module says."""
    try:
        memory = Memory(int(sys.argv[1]))
    except CUDAError as error:
        print("failed", error.code, flush=True)  # noqa: T201
        return
    print("ready", os.getpid(), flush=True)  # noqa: T201
    for _ in sys.stdin:
        print(f"{memory.rate():.1f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
