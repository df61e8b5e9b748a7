"""Bytes, packets and flows by site and direction: whose traffic it is.

Every octet counts once: `out` at the site of ours that sends to a stranger, `in` at the one that receives from one,
`internal` at the sender's where both ends are ours, `transit` at no site where neither is. What each site sent and
received besides is told by itself, whoever is at the other end.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.meter_kernel import FLOWS, IN, INTERNAL, OUT, TRANSIT
from netmon.api.networks import Networks
from netmon.api.prefix_kernel import Lookup
from netmon.api.traffic import Second

Records: TypeAlias = NDArray[np.void]
Counts: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float64]
Ends: TypeAlias = tuple[NDArray[np.bool_], NDArray[np.int64]]
"""Of each address: whether it is ours, and the number of its site."""

DIRECTIONS: Final = ("in", "out", "internal", "transit")  # in the order of the numbers in `meter_kernel`
_IN, _OUT, _INTERNAL, _TRANSIT = range(4)
_WAYS: Final = np.array([TRANSIT, _IN, _OUT, INTERNAL])  # by whether the source is ours, and the destination
_MEASURES: Final = ("bytes", "packets")


class Places:
    """Counters by site of the inventory; the site without name is last: addresses that are of no site.

    `crossed[measure]` has shape (directions, sites), `sent[measure]` and `received[measure]` shape (sites,), and
    `flows` shape (directions, sites), by who began them.
    """

    def __init__(self, networks: Networks) -> None:
        self.sites: tuple[str, ...] = ()
        self.crossed: dict[str, Counts] = {}
        self.sent: dict[str, Counts] = {}
        self.received: dict[str, Counts] = {}
        self.flows: Counts = np.zeros((0, 0), np.uint64)
        self.configure(networks)

    def configure(self, networks: Networks) -> None:
        """Take other prefixes; the counters of sites that stay go on."""
        old = self.sites
        self.sites = (*sorted({place.site for place in networks.places if place.site}), "")
        kept = [(old.index(site), row) for row, site in enumerate(self.sites) if site in old]
        self._networks = networks
        code = {site: row for row, site in enumerate(self.sites)}
        self._codes = np.array([code[place.site] for place in networks.places] + [len(self.sites) - 1], np.int64)

        def grown(before: Counts | None, shape: tuple[int, ...]) -> Counts:
            after = np.zeros(shape, np.uint64)
            for was, row in kept if before is not None else ():
                after[..., row] = before[..., was]  # type: ignore[index] # there is one
            return after

        wide, narrow = (len(DIRECTIONS), len(self.sites)), (len(self.sites),)
        self.crossed = {one: grown(self.crossed.get(one), wide) for one in _MEASURES}
        self.sent = {one: grown(self.sent.get(one), narrow) for one in _MEASURES}
        self.received = {one: grown(self.received.get(one), narrow) for one in _MEASURES}
        self.flows = grown(self.flows if old else None, wide)

    @property
    def tables(self) -> tuple[Lookup, NDArray[np.bool_], NDArray[np.int64]]:
        """Return what compiled loops ask: the prefixes, and of each place whether it is ours and its site's number."""
        return self._networks.lookup, self._networks.of_places[0], self._codes

    def add_flows(self, crossed: Counts, received: Counts) -> None:
        """Add what flows came to: (directions, sites, bytes and packets and flows), and (sites, the first two)."""
        self.flows += crossed[:, :, FLOWS]
        for column, measure in enumerate(_MEASURES):
            self.crossed[measure] += crossed[:, :, column]
            self.sent[measure] += crossed[OUT, :, column] + crossed[INTERNAL, :, column]
            self.received[measure] += received[:, column]

    def add_packets(self, second: Second, sent_: Counts, received_: Counts) -> None:
        """Add what addresses sent and received, by site of ours, shape (sites, bytes and packets): exact.

        What stays among us and what passes us by is told by the sample's shares.
        """
        sent, received = (
            {measure: sums[:, column].astype(np.float64) for column, measure in enumerate(_MEASURES)}
            for sums in (sent_, received_)
        )
        sample = second.sample[second.sample["version"] != 0]
        from_own, from_site = self._ends(sample, "source")
        to_own, to_site = self._ends(sample, "destination")
        for measure in _MEASURES:
            weights = sample[measure].astype(np.float64)
            inside = weights * (from_own & to_own)
            stays = _share(self._sum(from_site, inside), self._sum(from_site, weights * from_own))
            comes = _share(self._sum(to_site, inside), self._sum(to_site, weights * to_own))
            passing = float((weights * ~(from_own | to_own)).sum()) / (float(weights.sum()) or 1.0)
            total = float(second.destinations[measure].sum(dtype=np.float64))
            crossed = self.crossed[measure]
            crossed[INTERNAL] += _whole(sent[measure] * stays)
            crossed[OUT] += _whole(sent[measure] * (1 - stays))
            crossed[IN] += _whole(received[measure] * (1 - comes))
            crossed[TRANSIT, -1] += np.uint64(round(total * passing))
            self.sent[measure] += _whole(sent[measure])
            self.received[measure] += _whole(received[measure])

    def _ends(self, records: Records, side: str) -> Ends:
        return self._located(records[f"{side}_hi"], records[f"{side}_lo"])

    def _located(self, hi: Counts, lo: Counts) -> Ends:
        """Return of each address whether it is ours, and the number of its site."""
        places = self._networks.find(hi, lo)
        return self._networks.ours(places), self._codes[places]

    def _sum(self, sites: NDArray[np.int64], weights: Floats) -> Floats:
        return np.bincount(sites, weights=weights, minlength=len(self.sites)).astype(np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _whole(values: Floats) -> Counts:
    return np.rint(values).astype(np.uint64)
