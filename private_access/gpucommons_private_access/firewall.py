"""What may pass between the tunnel and the pod's network, in the words of nftables."""

from gpucommons_contract.private_access import PrivateAccess

PORTS = (80, 443)
"""TCP ports of the entrance that are reached through the tunnel."""


def rules(access: PrivateAccess, interface: str) -> str:
    """Write the rules: to the entrance and back, and nothing else.

    Linux answers at each of its addresses whatever interface a packet came by: without the rules, a
    device would reach all that listens in the pod, and whoever routes through the pod would reach
    the tunnel's own address, and devices.
    """
    ports = ", ".join(map(str, PORTS))
    entrance = f"ip daddr {access.entrance} tcp dport {{ {ports} }}"
    return f"""\
table inet private-access
delete table inet private-access
table inet private-access {{
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname "{interface}" drop
    ip daddr {access.addresses} drop
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    oifname "{interface}" ct state established,related accept
    iifname "{interface}" ip saddr {access.addresses} {entrance} accept
  }}
  chain segments {{
    type filter hook forward priority mangle; policy accept;
    tcp flags syn tcp option maxseg size set rt mtu
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {access.addresses} oifname != "{interface}" masquerade
  }}
}}
"""
