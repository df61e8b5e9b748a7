"""What NetFlow's decoder counts, for metrics and for the summary at the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.netflow.codes_kernel import Count


@dataclass(frozen=True, slots=True)
class Counts:
    """All since the start. `dropped` is by reason; a reason that did not occur is there as 0."""

    datagrams: int
    records: int  # of flows
    options: int  # records of options data
    templates: int  # definitions: new ones and changes, not repetitions
    withdrawn: int
    sets_kept: int  # data sets that came before their template
    late_records: int  # records that were decoded once it came
    trailing_octets: int  # behind the end of a message: ignored
    lost_records: int  # of v5 and IPFIX: skipped by sequence numbers, and not come late so far
    lost_datagrams: int  # of v9: the same
    repeated_datagrams: int  # that came twice
    sequence_resets: int  # times that a sequence began anew: exporters that restarted
    dropped: dict[str, int]

    @classmethod
    def of(cls, counts: NDArray[np.uint64], lost: NDArray[np.uint64]) -> "Counts":
        """Return the counts of the walk by name; `lost`: of all domains, as `losses` gives them."""
        taken = {count: int(counts[count]) for count in Count}
        return cls(
            datagrams=taken[Count.DATAGRAMS],
            records=taken[Count.RECORDS],
            options=taken[Count.OPTIONS],
            templates=taken[Count.TEMPLATES],
            withdrawn=taken[Count.WITHDRAWN],
            sets_kept=taken[Count.SETS_KEPT],
            late_records=taken[Count.WAITED],
            trailing_octets=taken[Count.TRAILING],
            lost_records=int(lost[0]),
            lost_datagrams=int(lost[1]),
            repeated_datagrams=int(lost[2]),
            sequence_resets=int(lost[3]),
            dropped={count.name.lower(): value for count, value in taken.items() if count >= Count.SHORT},
        )


def losses(rows: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return records lost, datagrams lost, datagrams repeated and sequences begun anew (u8[4]) of domains (DOMAIN)."""
    lost = rows["missed"] - rows["late"]
    by_datagrams = rows["version"] == 9
    told = (lost[~by_datagrams].sum(), lost[by_datagrams].sum(), rows["repeated"].sum(), rows["resets"].sum())
    return np.array(told, np.uint64)


@dataclass(frozen=True, slots=True)
class DomainCounts:
    """One sequence of datagrams. Lost for good is `missed - late`: records for v5 and IPFIX, datagrams for v9."""

    exporter: int  # the receiver's row
    version: int  # 5, 9, 10
    domain: int  # source id, observation domain; v5: engine type and engine id
    datagrams: int
    records: int
    missed: int  # skipped by sequence numbers
    late: int  # of these, what came after all
    repeated: int  # datagrams that came twice
    resets: int  # times that the sequence began anew
    clock_skew_s: float  # the exporter's clock less ours, at its last datagram
    sampling: int  # one in so many, where records do not tell


def domains(rows: NDArray[np.void]) -> list[DomainCounts]:
    """Return what was counted of each domain (DOMAIN rows)."""
    return [
        DomainCounts(
            exporter=int(row["exporter"]),
            version=int(row["version"]),
            domain=int(row["id"]),
            datagrams=int(row["datagrams"]),
            records=int(row["records"]),
            missed=int(row["missed"]),
            late=int(row["late"]),
            repeated=int(row["repeated"]),
            resets=int(row["resets"]),
            clock_skew_s=int(row["skew_ms"]) / 1000,
            sampling=int(row["rate"]),
        )
        for row in rows
    ]
