"""What is remembered of a host of ours that may carry data out, and how it is saved."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rules.traffic.hidden.sides import Address

HOST: Final = np.dtype(
    [
        ("hi", "u8"),
        ("lo", "u8"),
        ("first_s", "f8"),
        ("last_s", "f8"),
        ("flows", "u4"),
        ("peers", "u4"),
        ("most", "f8", 3),
    ]
)
KNOWN: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("network_hi", "u8"), ("network_lo", "u8")])


@dataclass(slots=True)
class Volume:
    """Octets since a time."""

    since: float
    out: int = 0
    back: int = 0

    def add(self, out: int, back: int) -> None:
        """Add octets of a flow or of several."""
        self.out += out
        self.back += back


@dataclass(slots=True)
class Host:
    """One of our hosts."""

    first_s: float
    last_s: float
    sent: Volume
    sent_to_new: Volume
    most: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])  # octets in a window, by kind
    answered: int = 0  # flows that others began and it answered
    peers: set[Address] = field(default_factory=set)  # who began them, as many as make a server
