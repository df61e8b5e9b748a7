"""Data sets that came before their template: kept for a while, within bounds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.netflow.codes_kernel import Count
from collectors.traffic.flows.netflow.layout import WAITING
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.tables import DomainTable

_OCTETS: Final = 4 << 20  # of all exporters: a minute of 1,000 small exporters after our own start
_SETS: Final = 8_192  # of all exporters: 4 MB in sets of 512 octets


class WaitingSets:
    """The octets of sets without template, in the order they came. The compiled walk appends, this takes away."""

    def __init__(self, settings: NetFlowSettings) -> None:
        self.pool = np.zeros(_OCTETS, np.uint8)
        self.rows = np.zeros(_SETS, WAITING)
        self.octets = 0  # of the pool in use
        self.sets = 0
        self.limits = np.array([settings.waiting_octets, settings.waiting_sets], np.uint64)
        self._longest_ns = int(settings.waiting_s * 1e9)
        self._taken = 0  # sets whose octets are still in the pool, though nobody waits for them

    def take(self, domain: int, template: int, domains: DomainTable) -> NDArray[np.void]:
        """Return the sets (WAITING) that waited for a template; their octets stay until the next call of `expire`."""
        rows = self.rows[: self.sets]
        mine = (rows["domain"] == domain) & (rows["template"] == template)
        taken: NDArray[np.void] = rows[mine]
        if len(taken):
            self._keep(~mine, domains)
        return taken

    def drop(self, domain: int, domains: DomainTable, counts: NDArray[np.uint64]) -> None:
        """Drop what waits for a domain that is given up."""
        mine = self.rows[: self.sets]["domain"] == domain
        counts[Count.WAITING_OLD] += np.uint64(np.count_nonzero(mine))
        self._keep(~mine, domains)

    def expire(self, now_ns: int, domains: DomainTable, counts: NDArray[np.uint64]) -> None:
        """Drop what waited too long, and use the places of what is gone."""
        if self.sets:
            rows = self.rows[: self.sets]
            old = rows["received_ns"] + np.uint64(self._longest_ns) < np.uint64(now_ns)
            gone = int(np.count_nonzero(old))
            if gone:
                counts[Count.WAITING_OLD] += np.uint64(gone)
                self._keep(~old, domains)
        if self._taken:
            self._compact()

    def _keep(self, keep: NDArray[np.bool_], domains: DomainTable) -> None:
        rows = self.rows[: self.sets]
        gone = rows[~keep]
        owners = domains.rows["owner"][gone["domain"]]
        np.subtract.at(domains.owners["waiting_octets"], owners, gone["length"])
        np.subtract.at(domains.owners["waiting_sets"], owners, np.uint32(1))
        kept = rows[keep].copy()
        self.sets = len(kept)
        self.rows[: self.sets] = kept
        self._taken += len(gone)

    def _compact(self) -> None:
        at = 0
        for row in self.rows[: self.sets]:
            begin, length = int(row["at"]), int(row["length"])
            self.pool[at : at + length] = self.pool[begin : begin + length].copy()
            row["at"] = at
            at += length
        self.octets = at
        self._taken = 0
