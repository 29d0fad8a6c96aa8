"""How long a contributor waits for `make check`."""

import subprocess
import time

from bench.figure import Figure


def measure() -> list[Figure]:
    """Run `make check` once, after a run that filled the tools' caches."""
    command = ["make", "--silent", "check"]
    subprocess.run(command, check=True, capture_output=True)
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - begin
    return [Figure("make-check", "make check", seconds, "s", target=60)]
