"""What a process of this machine is called in its own PID namespace; see pid_namespaces(7)."""

from pathlib import Path

from gpucommons_local.gpu.state import GPUProcess

_PROC = Path("/proc")


def process_on(gpu: int, pid: int, memory: int, proc: Path = _PROC) -> GPUProcess:
    """Put a process on a GPU, with its number inside if one of this machine has the PID."""
    folder = proc / str(pid)
    try:
        status = (folder / "status").read_text(errors="replace")
        namespace = (folder / "ns/pid").stat().st_ino
    except OSError:  # nobody's number here: it may be one of a node that is in a namespace itself
        return GPUProcess(gpu, pid, memory)
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return GPUProcess(gpu, pid, memory, int(numbers.split()[-1]), namespace)
