"""What is counted of one port, whatever the addresses."""

from typing import Any, Final

import numpy as np
from numba import njit

PORT: Final = np.dtype([("bytes", "u8"), ("packets", "u8"), ("flows", "u8")])
OTHERS: Final = 131_072  # rows of TCP's ports, then of UDP's, then one for each IP protocol
PORT_ROWS: Final = OTHERS + 256

U = np.uint64
_0, _1 = U(0), U(1)
_TCP, _UDP, _LATER = U(6), U(17), U(2)
_SYN, _ACK = U(2), U(16)
_PORTS, _OTHERS = U(65_536), U(OTHERS)


@njit(inline="always")
def count_port(
    ports: Any, ports_used: Any, used: Any, record: Any, single: Any, sent: Any, packets: Any, octets: Any
) -> Any:
    """Count a record to the lower of its ports, or to its protocol; return how many rows are in use.

    `sent`: its packets from source to destination; `packets`, not 0, and `octets`: those of both directions. `single`:
    it is packets, not a flow; those that ask for a connection are flows then.
    """
    protocol, fragment = U(record.protocol), U(record.fragment)
    is_tcp, is_udp = protocol == _TCP, protocol == _UDP
    place = _OTHERS + protocol
    if (fragment != _LATER) & (is_tcp | is_udp):
        place = min(U(record.source_port), U(record.destination_port)) + (_PORTS if is_udp else _0)
    load = ports[place]
    if load.packets == _0:
        ports_used[used] = place
        used += _1
    load.bytes += octets
    load.packets += packets
    begins = sent if is_tcp & ((U(record.tcp_flags) & (_SYN | _ACK)) == _SYN) else _0
    load.flows += begins if single else _1
    return used
