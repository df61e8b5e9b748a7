"""What the judges of scans share: one source's recent contacts, and what a judge found in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.traffic.scans.contact import Outcome
from rules.traffic.scans.settings import ScanSettings


@dataclass(frozen=True, slots=True)
class View:
    """One source in the last seconds."""

    failed: NDArray[np.void]  # CONTACT: failed, half open, or pending for so long that they count as failed
    tried: NDArray[np.void]  # CONTACT: what it began or had answered, old enough that a failure would be known
    settings: ScanSettings


@dataclass(frozen=True, slots=True)
class Found:
    """A scan: by which rule it is told, and which contacts are it."""

    rule: str
    rows: NDArray[np.void]  # CONTACT
    one_host: bool  # many ports of one host; otherwise many hosts


def without_half(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Leave out handshakes that were broken off: with many hosts, health checks do so too."""
    kept: NDArray[np.void] = rows[rows["outcome"] != Outcome.HALF]
    return kept


def chosen(rows: NDArray[np.void], kinds: tuple[int, ...]) -> NDArray[np.void]:
    """Return the contacts of some kinds."""
    return rows[np.isin(rows["kind"], kinds)]


def most(rows: NDArray[np.void], group: str, other: str) -> tuple[int, int]:
    """Return which value of `group` comes with most different values of `other`, and how many; (0, 0) for no rows."""
    if not len(rows):
        return 0, 0
    ones, others = rows[group], rows[other]
    order = np.lexsort((others, ones))
    ones, others = ones[order], others[order]
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = ones[1:] != ones[:-1]
    fresh = begins.copy()
    fresh[1:] |= others[1:] != others[:-1]
    starts = np.flatnonzero(begins)
    counts = np.add.reduceat(fresh, starts, dtype=np.int64)
    place = int(counts.argmax())
    return int(ones[starts[place]]), int(counts[place])


def fails_mostly(view: View, failed: NDArray[np.void], group: str, other: str) -> bool:
    """Tell whether most of a group's contacts fail. `failed`: those of one value of `group`."""
    same = view.tried[
        (view.tried[group] == failed[group][0])
        & (view.tried["protocol"] == failed["protocol"][0])
        & ~np.isin(view.tried["contact"], failed["contact"])
    ]
    good = len(np.unique(same[other]))
    bad = len(np.unique(failed[other]))
    return bad >= view.settings.failed_share * (bad + good)


def source_of(rows: NDArray[np.void]) -> tuple[int, int]:
    """Return the source (halves) of contacts: of the first, where they are of several."""
    return int(rows["source_hi"][0]), int(rows["source_lo"][0])


def victim_of(rows: NDArray[np.void]) -> tuple[int, int]:
    """Return the first destination (halves) of contacts."""
    return int(rows["destination_hi"][0]), int(rows["destination_lo"][0])
