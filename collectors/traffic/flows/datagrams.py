"""Datagrams of flow exporters, many at once: their octets in one buffer, and where each of them lies in it.

Only the words that the receiver and the decoders share belong here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DATAGRAM: Final = np.dtype([("at", "u8"), ("length", "u4"), ("exporter", "u4"), ("received_ns", "u8")])
"""Where a datagram begins in the buffer, its octets, who sent it (a row of the exporters' list, from 1), and when."""


@dataclass(frozen=True, slots=True)
class Datagrams:
    """A batch of datagrams in the order of their arrival: valid until the receiver goes on.

    `at + length` of every row lies within the buffer: whoever builds one sees to that, decoders may rely on it.
    A message that came over a stream (IPFIX over TCP or TLS) is a row like any other.
    """

    buffer: NDArray[np.uint8]
    index: NDArray[np.void]  # DATAGRAM

    def __len__(self) -> int:
        return len(self.index)
