"""What a fetch brought: cells by column and index, still as BER keeps them. The border between client and profiles."""

from dataclasses import dataclass, field
from typing import TypeAlias

from netmon.api import Missing

Cell: TypeAlias = int | float | bytes
"""A value: int for INTEGER, Counter32/64, Gauge32 and TimeTicks; float for Opaque float and double; bytes for OCTET
STRING, IpAddress (4 octets) and OBJECT IDENTIFIER (its BER contents)."""


@dataclass(slots=True)
class Answers:
    """Cells by column: `cells[column][index]`, both as BER contents of the OID (see `oid.py`), rows in OID order.

    A scalar's column is its object without `.0`, its index one zero octet. A column in `problems` ended early
    for that reason (what came before is kept); a column that the device does not have is in `cells`, empty.
    """

    cells: dict[bytes, dict[bytes, Cell]] = field(default_factory=dict)
    problems: dict[bytes, Missing] = field(default_factory=dict)
