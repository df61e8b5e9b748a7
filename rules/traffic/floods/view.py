"""One window as floods are judged by: who received much, what each sent back, and what is normal for each.

Everybody who received much is measured, for what is learned; detectors look at suspects alone, who are above some
bound. In a flood of many addresses that spares them what a whole window's columns cost.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import ENDPOINT, Second
from rules.traffic import telling
from rules.traffic.floods.join_kernel import BITS, choose, join
from rules.traffic.floods.rates_kernel import CONVERSING, FEATURES, HUSHED, SUSPECT, met_once, rates
from rules.traffic.learned import Keys, Learned, Numbers
from rules.traffic.tables.sketch import distinct

__all__ = ["CONVERSING", "FEATURES", "Judged", "Limits", "View", "look"]

Rows: TypeAlias = NDArray[np.int32]

_NEARLY: Final = 1.0 - 1e-9  # of a limit: who is suspected is judged by the exact one
TOLD: Final = distinct(
    np.array([[(1 << min(max(bits - low, 0), 64)) - 1 for low in (0, 64, 128, 192)] for bits in range(257)], np.uint64)
)
"""How many different things set so many bits of a sketch of 256 (f8[257])."""


@dataclass(frozen=True)  # without slots: what is read from sketches is kept
class View:
    """The suspects of a window, row by row; rates are for each second."""

    second: Second
    rows: NDArray[np.void]  # ENDPOINT: what they received
    sent: NDArray[np.void]  # ENDPOINT: what the same addresses sent; zeros where they were not seen to
    rates: Numbers  # f8[n, FEATURES]
    levels: Numbers  # f8[n, FEATURES]: what is normal
    bounds: Numbers  # f8[n, FEATURES]: what is too much

    def __len__(self) -> int:
        return len(self.rows)

    def rate(self, feature: str) -> Numbers:
        """Return a feature's rates (f8[n])."""
        return self.rates[:, FEATURES.index(feature)]

    def level(self, feature: str) -> Numbers:
        """Return what is normal of a feature (f8[n])."""
        return self.levels[:, FEATURES.index(feature)]

    def bound(self, feature: str) -> Numbers:
        """Return from where on a feature is too much (f8[n])."""
        return self.bounds[:, FEATURES.index(feature)]

    def each_s(self, column: str) -> Numbers:
        """Return a count of what was received, for each second (f8[n])."""
        return np.asarray(self.rows[column] / self.second.length_s)

    def sent_s(self, column: str) -> Numbers:
        """Return a count of what was sent, for each second (f8[n])."""
        return np.asarray(self.sent[column] / self.second.length_s)

    @cached_property
    def peers(self) -> Numbers:
        """Return from how many addresses each received (f8[n], estimated)."""
        return distinct(self.rows["peers"])

    @property
    def sampled(self) -> float:
        """Return which share of the window's records its sample has."""
        return len(self.second.sample) / max(self.second.records, len(self.second.sample), 1)

    @cached_property
    def ports(self) -> Numbers:
        """Return at how many ports each received (f8[n], estimated)."""
        return distinct(self.rows["ports"])

    @cached_property
    def flows(self) -> Numbers:
        """Return from how many addresses and ports together each received (f8[n], estimated, 1,597 at most)."""
        return distinct(self.rows["flows"])

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        """Tell who was not seen to send anything: it is down or overwhelmed, or we are blind to that direction."""
        return np.asarray(self.sent["packets"] == 0)

    @cached_property
    def blind(self) -> NDArray[np.bool_]:
        """Tell whose sending we cannot see: connections are completed with it, and yet it is, and was, silent."""
        completed = (self.rows["handshakes"] > 0) & (2.0 * self.rows["handshakes"] > self.rows["syn"])
        return np.asarray(self.silent & completed & (self.level("answers") < 1))

    def records_to(self, row: int) -> NDArray[np.void]:
        """Return the sample's records that went to the address of a row."""
        return telling.chosen(self.second.sample, destination=(int(self.rows["hi"][row]), int(self.rows["lo"][row])))


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on an address is measured, and is a suspect."""

    least_per_s: float  # packets that it receives
    floors: Numbers  # f8[FEATURES]: the least that bounds are; inf where nothing is judged by one
    odd_per_s: float = np.inf  # segments whose flags cannot be
    reflected_per_s: float = np.inf  # packets from amplifiers' ports


@dataclass(frozen=True, slots=True)
class Judged:
    """All addresses that received enough to be measured, row by row; rates are for each second."""

    second: Second
    places: Rows  # of their rows in the window's table of who received
    hi: Keys
    lo: Keys
    rates: Numbers  # f8[n, FEATURES]
    unanswered: Numbers  # f8[n]: packets of any kind that the address did not answer
    suspects: Rows  # of these rows, in order
    view: View  # of the suspects

    def __len__(self) -> int:
        return len(self.places)


def look(second: Second, networks: Networks, learned: Learned | None, limits: Limits) -> Judged:
    """Return how the window looks for our addresses, or without `learned` for those that are not ours."""
    table, others = np.ascontiguousarray(second.destinations), np.ascontiguousarray(second.sources)
    places, hi, lo = _chosen(table, networks, second.length_s * limits.least_per_s, ours=learned is not None)
    senders, total, alone = _joined(hi, lo, others, second)
    count, length_s = len(places), float(second.length_s)
    found, unanswered = np.empty((count, len(FEATURES))), np.empty(count)
    marks, marked = np.empty(count, np.uint8), np.empty(count, np.int32)
    # A record of a flow is an end for itself: only packets tell by a sample.
    sampling = max(second.packets / len(second.sample), 1.0) if second.live and len(second.sample) else 0.0
    odd, reflected = (_NEARLY * each * length_s for each in (limits.odd_per_s, limits.reflected_per_s))
    seen = (table, places, others, senders, total, alone, TOLD, second.live, sampling, length_s)
    many = int(rates(*seen, limits.floors, odd, reflected, found, unanswered, marks, marked))
    marks, marked = marks[:many], marked[:many]
    levels, bounds = np.zeros((many, len(FEATURES))), np.tile(limits.floors, (many, 1))
    if learned is not None:  # bounds are floors at least: of who is below all of them nothing need be known
        levels, bounds = learned.normal(hi[marked], lo[marked], limits.floors, second.end)
    blind = (marks & HUSHED != 0) & (levels[:, FEATURES.index("answers")] < 1)
    unanswered[marked[blind]] = 0.0
    is_suspect = (marks & SUSPECT != 0) | (found[marked] > bounds).any(axis=1)
    suspects = marked[is_suspect]
    rows, sent = telling.picked(table, places[suspects]), _sent(others, senders[suspects])
    view = View(second, rows, sent, found[suspects], levels[is_suspect], bounds[is_suspect])
    return Judged(second, places, hi, lo, found, unanswered, suspects, view)


def _chosen(table: NDArray[np.void], networks: Networks, least: float, *, ours: bool) -> tuple[Rows, Keys, Keys]:
    """Return the rows and addresses of those who received so much: of whom to protect, or of who is not ours."""
    own, protected = networks.of_places
    places, hi, lo = np.empty(len(table), np.int32), np.empty(len(table), np.uint64), np.empty(len(table), np.uint64)
    count = int(choose(table, float(least), networks.lookup, protected if ours else ~own, places, hi, lo))
    return places[:count], hi[:count], lo[:count]


def _joined(hi: Keys, lo: Keys, others: NDArray[np.void], second: Second) -> tuple[Rows, Rows, Rows]:
    """Return where each address is among who sent, -1 where it is not; and what `met_once` counts."""
    count, sample = len(hi), np.ascontiguousarray(second.sample)
    senders, receivers = np.empty(count, np.int32), np.empty(len(sample), np.int32)
    total, alone = np.zeros(count, np.int32), np.zeros(count, np.int32)
    if count:
        index, bits = np.zeros(1 << (2 * count).bit_length(), np.uint64), np.zeros(BITS // 64, np.uint64)
        join(hi, lo, others, sample, index, bits, senders, receivers)
        slots = 1 << (2 * len(sample)).bit_length()
        met_once(sample, receivers, np.zeros(slots, np.uint64), np.zeros(slots, np.int32), total, alone)
    return senders, total, alone


def _sent(table: NDArray[np.void], places: Rows) -> NDArray[np.void]:
    """Return what suspects sent, zeros where a place is -1."""
    sent = np.zeros((len(places), ENDPOINT.itemsize), np.uint8)
    hit = np.flatnonzero(places >= 0)
    sent[hit] = telling.picked(table, places[hit]).view(np.uint8).reshape(len(hit), ENDPOINT.itemsize)
    return sent.reshape(-1).view(ENDPOINT)
