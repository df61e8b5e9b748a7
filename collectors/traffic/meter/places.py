"""Bytes, packets and flows by site and direction: whose traffic it is.

Every octet counts once: `out` at the site of ours that sends to a stranger, `in` at the one that receives from one,
`internal` at the sender's where both ends are ours, `transit` at no site where neither is. What each site sent and
received besides is told by itself, whoever is at the other end.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.links import CHUNK
from netmon.api.networks import Networks
from netmon.api.traffic import EndReason, Second

Records: TypeAlias = NDArray[np.void]
Counts: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float64]
Ends: TypeAlias = tuple[NDArray[np.bool_], NDArray[np.int64]]
"""Of each address: whether it is ours, and the number of its site."""

DIRECTIONS: Final = ("in", "out", "internal", "transit")
_IN, _OUT, _INTERNAL, _TRANSIT = range(4)
_WAYS: Final = np.array([_TRANSIT, _IN, _OUT, _INTERNAL])  # by whether the source is ours, and the destination
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

    def see(self, second: Second) -> None:
        """Count one window."""
        if second.live:
            self._see_packets(second)
            self._count_flows(second.begun)
        else:
            for at in range(0, len(second.ended), CHUNK):
                self._see_flows(second.ended[at : at + CHUNK])

    def _see_packets(self, second: Second) -> None:
        """Add up the tables, which are exact; what stays among us and passes us by is told by the sample's shares."""
        sent = self._by_site(second.sources)
        received = self._by_site(second.destinations)
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
            crossed[_INTERNAL] += _whole(sent[measure] * stays)
            crossed[_OUT] += _whole(sent[measure] * (1 - stays))
            crossed[_IN] += _whole(received[measure] * (1 - comes))
            crossed[_TRANSIT, -1] += np.uint64(round(total * passing))
            self.sent[measure] += _whole(sent[measure])
            self.received[measure] += _whole(received[measure])

    def _see_flows(self, flows: Records) -> None:
        """Add up flows, both directions of each: exact."""
        source, destination = self._ends(flows, "source"), self._ends(flows, "destination")
        there, to = self._cells(source, destination), self._at(destination)
        self._add_flows(there, flows["end_reason"] != EndReason.ACTIVE)
        ways = [("", there, to)]
        if flows["reply_packets"].any():
            ways.append(("reply_", self._cells(destination, source), self._at(source)))
        for measure in _MEASURES:
            for which, cells, receivers in ways:
                weights = flows[f"{which}{measure}"]
                crossed = _whole(self._by_cell(cells, weights))
                self.crossed[measure] += crossed
                self.sent[measure] += crossed[_OUT] + crossed[_INTERNAL]
                received = np.bincount(receivers, weights=weights, minlength=len(self.sites) + 1).astype(np.float64)
                self.received[measure] += _whole(received[:-1])

    def _count_flows(self, flows: Records) -> None:
        cells = self._cells(self._ends(flows, "source"), self._ends(flows, "destination"))
        self._add_flows(cells, np.ones(len(flows)))

    def _add_flows(self, cells: NDArray[np.int64], weights: NDArray[np.generic]) -> None:
        self.flows += _whole(self._by_cell(cells, weights))

    def _cells(self, source: Ends, destination: Ends) -> NDArray[np.int64]:
        """Return in which direction and at which site each record counts: a place in `crossed`, laid out flat."""
        (from_own, from_site), (to_own, to_site) = source, destination
        way = _WAYS[from_own.astype(np.int64) * 2 + to_own]
        site = np.where(from_own, from_site, np.where(to_own, to_site, len(self.sites) - 1))
        return np.asarray(way * len(self.sites) + site)

    def _at(self, ends: Ends) -> NDArray[np.int64]:
        """Return the sites of those that are ours; of others the number behind the last."""
        own, site = ends
        return np.where(own, site, len(self.sites))

    def _by_cell(self, cells: NDArray[np.int64], weights: NDArray[np.generic]) -> Floats:
        shape = (len(DIRECTIONS), len(self.sites))
        sums = np.bincount(cells, weights=weights.astype(np.float64), minlength=shape[0] * shape[1])
        return sums.astype(np.float64).reshape(shape)

    def _by_site(self, rows: Records) -> Mapping[str, Floats]:
        own, site = self._located(rows["hi"], rows["lo"])
        return {measure: self._sum(site, rows[measure] * own) for measure in _MEASURES}

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
