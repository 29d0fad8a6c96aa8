"""``python3 -m gpucommons_private_access SETTINGS KEY``: be the tunnel's end.

SETTINGS is the folder of the mounted ConfigMap, KEY the file with the tunnel's private key.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from gpucommons_contract.private_access import PrivateAccess, read_access
from gpucommons_upkeep.api_server import APIServer
from gpucommons_upkeep.errors import SetupError

from gpucommons_private_access.following import follow
from gpucommons_private_access.interface import Tunnel

_READY = Path("/var/run/wireguard/ready")
"""There once somebody may come in; the readiness probe looks for it."""


def main() -> None:
    """Let people's devices in until the process is ended."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    # The first process of a container has no default for it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _READY.unlink(missing_ok=True)
    try:
        folder, key = map(Path, sys.argv[1:])
    except ValueError:
        sys.exit("usage: python3 -m gpucommons_private_access SETTINGS KEY")
    try:
        server = APIServer.of_this_cluster(os.environ)
        access, private_key = _settings(folder, key)
        with Tunnel(access, private_key) as tunnel:
            logging.info("The tunnel leads to %s", access.entrance)
            follow(server, tunnel, _READY)
    except (KeyError, OSError) as error:
        sys.exit(f"gpucommons_private_access: needs a pod's service account; missing: {error}")
    except SetupError as error:
        sys.exit(f"gpucommons_private_access: {error}")
    sys.exit("gpucommons_private_access: wireguard-go has ended.")


def _settings(folder: Path, key: Path) -> tuple[PrivateAccess, str]:
    """Read settings and key. Raises SetupError."""
    try:
        said = {each.name: each.read_text() for each in folder.iterdir() if each.is_file()}
        return read_access(said), key.read_text().strip()
    except OSError as error:
        raise SetupError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SetupError(f"The ConfigMap private-access has a mistake: {error}.") from error


if __name__ == "__main__":
    main()
