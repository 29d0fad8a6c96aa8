"""Whether this account may pause a program on the GPU: ``python checkpoint.py PID``.

Prints what each call answers, as JSON: CUresult's number, 0 if it went well, or "absent". A
program that was locked is let go in any case. Source: CUDA driver API, checkpointing.
"""

import ctypes
import json
import sys

_TIMEOUT_MS = 5000
_STEPS = ("Lock", "Checkpoint", "Restore", "Unlock")


def answers(pid: int) -> dict[str, int | str]:
    """Try all steps in turn, and the last one also if one before failed."""
    cuda = ctypes.CDLL("libcuda.so.1")
    told: dict[str, int | str] = {"cuInit": cuda.cuInit(0)}
    state = ctypes.c_int()
    told["GetState"] = _call(cuda, "GetState", pid, ctypes.byref(state))
    for step in _STEPS:
        if step != "Unlock" and any(told.get(each) for each in _STEPS):
            continue
        arguments = (ctypes.c_uint * 16)()  # 64 bytes, all of them reserved but a lock's first
        arguments[0] = _TIMEOUT_MS if step == "Lock" else 0
        told[step] = _call(cuda, step, pid, ctypes.byref(arguments))
    return told


def _call(cuda: ctypes.CDLL, step: str, pid: int, argument: object) -> int | str:
    try:
        function = getattr(cuda, f"cuCheckpointProcess{step}")
    except AttributeError:
        return "absent"  # before driver 570
    return int(function(pid, argument))


if __name__ == "__main__":
    print(json.dumps(answers(int(sys.argv[1]))))  # noqa: T201
