"""Whose addresses are whose."""

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.pack_kernel import SEARCHED, name
from netmon.api.networks import Halves, Networks


class Sites:
    """Finds the site of many addresses."""

    def __init__(self, networks: Networks) -> None:
        """Take the inventory's prefixes. `of_place`: first that of nobody's addresses, then by place."""
        self.of_place = ("", *(place.site for place in networks.places))
        self.names = tuple(sorted({site for site in self.of_place if site}))
        self._lookup = networks.lookup

    def find(self, hi: Halves, lo: Halves, numbers: NDArray[np.uint32], out: NDArray[np.uint32]) -> None:
        """Write of each address its site's number, given as `of_place`; no `hi` at all is 0 for all of them."""
        if self.names:
            name(*self._lookup, np.append(SEARCHED, numbers), hi, lo, out)
        else:
            out[:] = 0
