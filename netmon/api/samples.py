"""Numbers: what a collector reads, and what it could not read.

A poll of 500 switches brings a million numbers, so they travel as columns: a `Table` holds one row for each set of
labels and one packed column for each metric. `Sample` is one cell of it, for those who want one at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """What a number means over time; the names are Prometheus's."""

    COUNTER = "counter"
    GAUGE = "gauge"
    UNTYPED = "untyped"


class Reason(StrEnum):
    """Why a reading is missing. The value is the `reason` label on netmon's own metrics."""

    TIMEOUT = "timeout"  # no answer inside the deadline
    REFUSED = "refused"  # the target answered that it will not (ICMP refusal, connection reset, error-status)
    NOT_FOUND = "not_found"  # the name of the target has no address, or its address cannot be used here
    AUTH_FAILED = "auth_failed"  # credentials or authenticity check failed
    MALFORMED = "malformed"  # the answer breaks its protocol
    NOT_SUPPORTED = "not_supported"  # the target does not have it
    NOT_INCREASING = "not_increasing"  # an SNMP walk went backwards or in a circle
    TRUNCATED = "truncated"  # the answer ends before it is complete, or hit our cap
    REBOOTED = "rebooted"  # the target restarted while it was read
    FIRST = "first"  # a difference needs two readings and this is the first
    DISCONTINUITY = "discontinuity"  # the counter was reset, so the difference has no meaning
    INVALID = "invalid"  # the value is outside what its definition allows
    DEADLINE = "deadline"  # the poll's time ended before this was asked
    BUG = "bug"  # netmon failed; the log has the traceback


@dataclass(frozen=True, slots=True)
class Missing:
    """A reading that we do not have, and why. Never 0, never silence."""

    reason: Reason
    detail: str = ""


Value: TypeAlias = int | float
Column: TypeAlias = Sequence[Value | Missing]
"""One metric's values, one for each row: `array('q')`, `array('Q')` or `array('d')` when all are there (numpy reads
these without a copy), a list or tuple when some are `Missing`."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name with its unit, what it means, and which other metrics of the same labels bound it.

    `upper_limit` and `lower_limit` name families that carry the same labels (used ≤ size, light ≥ low alarm).
    `source` says where the number comes from: the column's OID, or the file, without the row's index.
    """

    name: str
    kind: Kind
    help: str
    source: str = ""
    upper_limit: str = ""
    lower_limit: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number: metric, labels, value, and the time it was read in Unix seconds."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    value: Value | Missing
    at: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Readings that share their label names: `len(families)` columns of `len(rows)` values each.

    `keys[i]` is what identifies row i at its source (an SNMP index such as `"10101"`, `""` for a scalar).
    `rows` is the same object from poll to poll while no label changed, so that what was rendered from it can be kept.
    Labels that every series of a target carries (instance, job, site) are not here: the exporter adds them.
    """

    families: tuple[Family, ...]
    label_names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...]
    columns: tuple[Column, ...]
    at: float

    def samples(self) -> Iterator[Sample]:
        """Give the cells one by one, metric after metric."""
        labels = [tuple(zip(self.label_names, row, strict=True)) for row in self.rows]
        for family, column in zip(self.families, self.columns, strict=True):
            for label, key, value in zip(labels, self.keys, column, strict=True):
                source = f"{family.source}.{key}" if key else family.source
                yield Sample(family.name, label, value, self.at, source)

    def count(self) -> tuple[int, int]:
        """Return (values present, values missing)."""
        cells = len(self.rows) * len(self.columns)
        missing = sum(isinstance(v, Missing) for c in self.columns if isinstance(c, list | tuple) for v in c)
        return cells - missing, missing


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a poll (an SNMP profile, a /proc file): it succeeds or fails by itself.

    `completeness` is the share of what was asked for that came, 0 to 1. A part may bring tables and have a `problem`.
    What the target does not have is no failure: such a part has the problem NOT_SUPPORTED and is `absent`.
    """

    name: str
    tables: tuple[Table, ...]
    duration_s: float
    completeness: float = 1.0
    problem: Missing | None = None

    @property
    def absent(self) -> bool:
        """Tell whether the target does not have this part."""
        return not self.tables and self.problem is not None and self.problem.reason is Reason.NOT_SUPPORTED

    @property
    def failed(self) -> bool:
        """Tell whether something of the part that the target has could not be read."""
        return self.problem is not None and not self.absent


@dataclass(frozen=True, slots=True)
class Reading:
    """What one poll of one target by one collector brought. `problem` is set when the target could not be reached."""

    target: str
    collector: str
    at: float
    duration_s: float
    parts: tuple[Part, ...]
    problem: Missing | None = None
