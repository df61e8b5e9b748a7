"""Whose addresses are whose, by the rows of sites' names."""

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Halves, Networks


class Sites:
    """Finds the site of many addresses."""

    def __init__(self, networks: Networks) -> None:
        """Take the inventory's prefixes."""
        self.names = tuple(sorted({place.site for place in networks.places if place.site}))
        rows = {name: row for row, name in enumerate(self.names, 1)} | {"": 0}
        self._networks = networks
        self._of_place = np.array([*(rows[place.site] for place in networks.places), 0], np.uint32)  # -1: nobody's

    def rows(self, hi: Halves, lo: Halves) -> NDArray[np.uint32]:
        """Return for each address the place of its site in `names`, from 1; 0 where it has none."""
        return self._of_place[self._networks.find(hi, lo)]
