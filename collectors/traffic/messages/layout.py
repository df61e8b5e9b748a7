"""What the compiled loop and its caller agree on: the places of its counters, and columns as plain octets."""

from typing import Any, Final, TypeAlias

from netmon.api.traffic import BRIDGE, DNS, LEASE, NEIGHBOUR, ROUTER

KINDS: Final = {"dns": DNS, "neighbours": NEIGHBOUR, "leases": LEASE, "routers": ROUTER, "bridges": BRIDGE}
"""What is kept row by row, in the order of their counters."""
DNS_ROW, NEIGHBOUR_ROW, LEASE_ROW, ROUTER_ROW, BRIDGE_ROW, MAC_ROW = range(6)

OUTCOMES: Final = ("taken", "over_cap", "malformed", "other")
"""What became of a candidate. `other`: well-formed, but of a kind that nothing is read of (a client's DHCP message)."""
TAKEN, OVER_CAP, MALFORMED, OTHER = range(4)

NAME_AT: Final = DNS.fields["name"][1] if DNS.fields is not None else 0
NAME_MAX: Final = 255

Row: TypeAlias = Any
"""One row of a record array: compiled code knows its fields, a type checker does not."""
