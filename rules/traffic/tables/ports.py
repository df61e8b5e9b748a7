"""The loads of ports in a window."""

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import PORT_LOAD
from rules.traffic.tables.ports_kernel import OTHERS, PORT, PORT_ROWS


class Ports:
    """A row for each port of TCP and UDP and for each IP protocol, and the list of those in use."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        """`rows`: PORT[PORT_ROWS], zeros."""
        self.rows = rows
        self.used = np.zeros(PORT_ROWS, np.uint32)

    def drain(self, used: int) -> NDArray[np.void]:
        """Return the rows in use, as PORT_LOAD by protocol and port, and empty them."""
        places = np.sort(self.used[:used])
        told = np.zeros(used, PORT_LOAD)
        told["protocol"] = np.where(places >= OTHERS, places - OTHERS, np.where(places >> 16, 17, 6))
        told["port"] = np.where(places >= OTHERS, 0, places & 0xFFFF)
        for name in PORT.names or ():
            told[name] = self.rows[name][places]
            self.rows[name][places] = 0
        return told
