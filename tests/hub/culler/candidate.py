"""A replica of the culler that stands for election, and writes down again and again if it leads.

``python candidate.py FILE``, with KUBECONFIG set: each line of the file has a time, by the
clock that all programs of a machine share, and 1 or 0. Ends cleanly at SIGTERM.
"""

import asyncio
import signal
import sys
import time

from gpucommons_upkeep.election import Election

LEASE_S, LEAD_S, RENEW_S = 12, 9.0, 0.5
"""So long that a busy machine, which answers late, does not cost the leader its lease."""
_LOOK_S = 0.02


async def main(path: str) -> None:
    election = Election(
        lease_name="idle",
        lease_namespace="default",
        lease_seconds=LEASE_S,
        lead_seconds=LEAD_S,
        renew_seconds=RENEW_S,
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with open(path, "a", buffering=1) as file:  # noqa: ASYNC230, PTH123 -- lines of a few bytes
        await election.begin()
        while not stop.is_set():
            at = time.clock_gettime(time.CLOCK_BOOTTIME)  # first: who is paused here leads no more
            file.write(f"{at} {int(election.leads)}\n")
            await asyncio.sleep(_LOOK_S)
        await election.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
