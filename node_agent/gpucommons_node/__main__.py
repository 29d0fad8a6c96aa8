"""``python3 -m gpucommons_node``: run the agent. ``NODE_NAME`` is the node that it is on."""

import logging
import os
import sys
import threading
from pathlib import Path

from gpucommons_upkeep.api_server import APIServer
from gpucommons_upkeep.logs import begin_logs

from gpucommons_node.pods import PodTable
from gpucommons_node.processes import ProcessScan
from gpucommons_node.server import AgentServer
from gpucommons_node.watch import follow, heartbeat

PORT = 8890
_INITIAL_PID_NAMESPACE = 0xEFFFFFFC
"""Inode of the machine's PID namespace. Source: PROC_PID_INIT_INO in linux/proc_ns.h."""


def main() -> None:
    """Serve until the process is ended."""
    begin_logs("node-agent", text="%(levelname)s %(message)s")
    try:
        node, api = os.environ["NODE_NAME"], APIServer.of_this_cluster(os.environ)
    except (KeyError, OSError) as error:
        sys.exit(f"gpucommons_node: needs NODE_NAME and a pod's service account; missing: {error}")
    if Path("/proc/self/ns/pid").stat().st_ino != _INITIAL_PID_NAMESPACE:
        logging.warning(
            "PIDs here are not the machine's: this pod needs hostPID, and a node that is itself "
            "a container does not know the PIDs that NVML reports."
        )
    pods = PodTable()
    heart = heartbeat(node)
    following = (api, node, pods, heart)
    threading.Thread(target=follow, args=following, name="pods", daemon=True).start()
    host = "::" if Path("/proc/net/if_inet6").exists() else "0.0.0.0"  # noqa: S104 -- a pod's own
    AgentServer((host, PORT), pods, ProcessScan(), heart).serve_forever()


if __name__ == "__main__":
    main()
