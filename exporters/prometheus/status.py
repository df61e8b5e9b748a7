"""netmon's own words on each target: could it be reached, and how each part of the last polls went.

They are tables like any other, so that they are rendered, cached and checked like any other.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from netmon.api import Family, Kind, Missing, Part, Reason, Table, Value

UP = Family("netmon_up", Kind.GAUGE, "1 while the target answers its collector, 0 while it does not.")
FAILURE = Family(
    "netmon_collect_failure", Kind.GAUGE, "1 while reading this part fails, for this reason; no part: the whole target."
)
MISSING = Family(
    "netmon_collect_missing_samples", Kind.GAUGE, "Values that the last reading of this part lacks, for this reason."
)
AGE = Family("netmon_collect_age_seconds", Kind.GAUGE, "Time since this part last brought values.")
PART_FAMILIES = (
    Family("netmon_collect_success", Kind.GAUGE, "1 when the last reading of this part succeeded, 0 when it failed."),
    Family("netmon_collect_duration_seconds", Kind.GAUGE, "Time that the last reading of this part took."),
    Family("netmon_collect_completeness_ratio", Kind.GAUGE, "Share of what was asked for that came, 0 to 1."),
    Family("netmon_collect_samples", Kind.GAUGE, "Values that the last reading of this part brought."),
)
_PART_LABELS = ("collector", "part")
_REASON_LABELS = ("collector", "part", "reason")


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How the last reading of one part went. `problem` is what failed, of the part or of the whole target."""

    collector: str
    part: Part
    problem: Missing | None
    reached: bool  # False: the target was not reached, so nothing of this part was read


def status_tables(parts: Sequence[PartStatus], failures: Sequence[tuple[str, Missing]], *, up: bool) -> list[Table]:
    """Return the tables that tell how one target does; `failures` are collectors that did not reach it.

    A part that the target does not have is nowhere in them: that is no failure.
    """
    tables = [Table((UP,), (), ((),), ("",), ((int(up),),), 0.0)]
    parts = [status for status in parts if not (status.reached and status.part.absent)]
    if parts:
        tables.append(_parts(parts))
    reasons = [(p.collector, p.part.name, p.problem.reason.value) for p in parts if p.problem is not None]
    reasons += [(collector, "", problem.reason.value) for collector, problem in failures]
    if reasons:
        tables.append(_table((FAILURE,), _REASON_LABELS, tuple(reasons), ((1,) * len(reasons),)))
    missing = [
        (p.collector, p.part.name, reason.value, count)
        for p in parts
        if p.reached
        for reason, count in sorted(_missing(p.part).items())
    ]
    if missing:
        rows = tuple(row[:3] for row in missing)
        tables.append(_table((MISSING,), _REASON_LABELS, rows, (tuple(row[3] for row in missing),)))
    return tables


def _parts(parts: Sequence[PartStatus]) -> Table:
    rows = tuple((status.collector, status.part.name) for status in parts)
    columns: tuple[tuple[Value, ...], ...] = (
        tuple(int(status.problem is None) for status in parts),
        tuple(round(status.part.duration_s, 6) if status.reached else 0 for status in parts),
        tuple(status.part.completeness if status.reached else 0 for status in parts),
        tuple(_present(status.part) if status.reached else 0 for status in parts),
    )
    return _table(PART_FAMILIES, _PART_LABELS, rows, columns)


def _present(part: Part) -> int:
    return sum(table.count()[0] for table in part.tables)


def _missing(part: Part) -> Counter[Reason]:
    """Count missing values by reason. Packed columns cannot lack any."""
    return Counter(
        value.reason
        for table in part.tables
        for column in table.columns
        if isinstance(column, list | tuple)
        for value in column
        if isinstance(value, Missing)
    )


def _table(
    families: tuple[Family, ...],
    labels: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    columns: tuple[tuple[Value, ...], ...],
) -> Table:
    return Table(families, labels, rows, ("",) * len(rows), columns, 0.0)
