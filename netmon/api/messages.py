"""Messages of the network itself that a sensor reads: names, address claims, leases, routers, spanning tree.

Addresses and MAC addresses as in `netmon.api.record`.
"""

from typing import Final

import numpy as np

DNS: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("client_hi", "u8"),  # who asks, also in an answer
        ("client_lo", "u8"),
        ("server_hi", "u8"),
        ("server_lo", "u8"),
        ("query_type", "u2"),
        ("answers", "u2"),
        ("size", "u2"),  # octets of the message
        ("response", "u1"),  # 0 question, 1 answer
        ("code", "u1"),  # RCODE
        ("over_tcp", "u1"),
        ("name_length", "u1"),
        ("name", "S255"),  # as in the question, lower case, labels joined by dots, octets that are not printable as '?'
    ]
)
NEIGHBOUR: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),  # who sent the frame
        ("claimed_mac", "u8"),  # who is said to have the address: ARP's sender, the option of a neighbour advertisement
        ("hi", "u8"),  # the address claimed
        ("lo", "u8"),
        ("asked_hi", "u8"),  # the address asked for, or the same as the one claimed
        ("asked_lo", "u8"),
        ("vlan", "u2"),
        ("kind", "u1"),  # 1 ARP request, 2 ARP reply, 3 neighbour solicitation, 4 neighbour advertisement
        ("probe", "u1"),  # 1: an address probe (RFC 5227) or duplicate address detection (RFC 4862): claims nothing
    ]
)
LEASE: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("client_mac", "u8"),
        ("server_hi", "u8"),  # the server's own word (option 54), or the sender of the packet; DHCPv6: the sender
        ("server_lo", "u8"),
        ("offered_hi", "u8"),
        ("offered_lo", "u8"),
        ("router_hi", "u8"),  # the gateway that it gives (option 3); 0: none
        ("router_lo", "u8"),
        ("resolver_hi", "u8"),  # the first DNS server that it gives (option 6, DHCPv6 option 23)
        ("resolver_lo", "u8"),
        ("vlan", "u2"),
        (
            "kind",
            "u1",
        ),  # DHCP message type (RFC 2132, 9.6): 2 OFFER, 5 ACK, 6 NAK; DHCPv6 + 100: 102 ADVERTISE, 107 REPLY
        ("version", "u1"),  # 4 or 6
    ]
)
ROUTER: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("hi", "u8"),  # who advertises
        ("lo", "u8"),
        ("prefix_hi", "u8"),  # the first prefix advertised; 0: none
        ("prefix_lo", "u8"),
        ("vlan", "u2"),
        ("lifetime_s", "u2"),  # 0: not a default router
        ("prefix_length", "u1"),
        ("managed", "u1"),  # the M flag
    ]
)
BRIDGE: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("frame_mac", "u8"),
        ("root", "u8"),  # root bridge identifier: priority in the high 16 bits, MAC in the low 48
        ("bridge", "u8"),  # the sender's
        ("cost", "u4"),
        ("vlan", "u2"),
        ("change", "u1"),  # topology change flag, or a TCN BPDU
        ("version", "u1"),  # 0 STP, 2 RSTP, 3 MSTP; 255: per-VLAN (PVST+)
    ]
)
