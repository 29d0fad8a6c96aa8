"""What a device is told: its file for WireGuard, and how it gets in. Pure."""

from gpucommons_contract.private_access import Peer, PrivateAccess

from gpucommons_people.private_access.keys import Keys

NAME = "gpu-commons"
"""Of the tunnel on the device, and so of the file; Linux takes at most 15 characters."""
_OWN_KEY = "(your private key)"
_KEEPALIVE_S = 25
"""Routers at home forget who sent nothing for 30 seconds."""
_MTU_BYTES = 1280
"""As at the other end: what every line carries."""
HAS_ONE = """\
## Private access

Connect with WireGuard first, with the file that you have. If it is lost, an administrator can make
another one.
"""
_TEXT = """\
## Private access

{name} is reached through WireGuard. Save these lines as `{file}`:

```ini
{configuration}```

- **Windows and macOS**: install WireGuard from <https://www.wireguard.com/install/>, choose *Import
  tunnel(s) from file*, open the file, and press *Activate*.
- **Linux**: install the package `wireguard-tools`, move the file to `/etc/wireguard/`, and run
  `sudo wg-quick up {tunnel}`.
- **Phone or tablet**: send the file there, install the app WireGuard, and choose *+*, then *Import
  from file or archive*.

Only {name} goes this way, all else goes as before. The file is for one device at a time, and as
secret as a password. If it is lost, an administrator can make another one, which ends this one.
"""


def configuration(access: PrivateAccess, peer: Peer, keys: Keys) -> str:
    """Write a device's file, as ``wg-quick`` and WireGuard's apps read it."""
    return f"""\
[Interface]
PrivateKey = {keys.private or _OWN_KEY}
Address = {peer.address}/32
MTU = {_MTU_BYTES}

[Peer]
PublicKey = {access.public_key}
Endpoint = {access.endpoint}
AllowedIPs = {access.entrance}/32
PersistentKeepalive = {_KEEPALIVE_S}
"""


def section(access: PrivateAccess, peer: Peer, keys: Keys) -> str:
    """Write what a handout says of private access."""
    return _TEXT.format(
        name="GPU Commons",
        file=f"{NAME}.conf",
        tunnel=NAME,
        configuration=configuration(access, peer, keys),
    )
