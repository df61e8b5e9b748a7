"""What floods are called. Imports no numpy: whoever chooses among findings knows the names."""

from typing import Final

NAMES: Final = (
    "amplification",
    "fragment_flood",
    "syn_flood",
    "syn_ack_flood",
    "rst_flood",
    "ack_flood",
    "udp_flood",
    "icmp_flood",
    "connection_flood",
    "held_connections",
    "carpet_bombing",
    "outbound_flood",
)
"""The names that findings carry."""
