"""What the files are called, and which of them count. Pure.

A store is a directory of hours (`2026-11-22T07`, UTC), an hour a directory of files
`FIRST-LAST-RECORDS-EARLIEST-LATEST.parquet`. A part is written under the next number, as `17-17`; parts 3 to 17 merged
into one file are `3-17`. A file whose numbers lie within those of another was merged into it and counts no more,
whether it is still there or not: a crash between writing the merged file and removing the parts leaves nothing twice.
EARLIEST and LATEST are the seconds of the hour in which its records ended, so that a question about ten minutes opens
the files of ten minutes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

HOUR_S: Final = 3_600
_HOUR: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d)", re.ASCII)
_FILE: Final = re.compile(r"(\d{6,9})-(\d{6,9})-(\d{1,12})-(\d{4})-(\d{4})\.parquet", re.ASCII)
UNFINISHED: Final = ".new"
"""Ends the names of files that are being written."""


class File(NamedTuple):
    """One file of an hour: the numbers of its first and last part, its records, the seconds in which they ended."""

    first: int
    last: int
    records: int
    earliest: int
    latest: int

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"{self.first:06}-{self.last:06}-{self.records}-{self.earliest:04}-{self.latest:04}.parquet"

    def holds(self, other: "File") -> bool:
        """Tell whether the other was merged into this one.

        Two with the same numbers are what a disk kept that said it had not, and what was then written in its place.
        """
        if self[:2] == other[:2]:
            return self.records > other.records
        return self.first <= other.first and other.last <= self.last


def file_of(name: str) -> File | None:
    """Return the file of this name, None for what is none of ours."""
    found = _FILE.fullmatch(name)
    return None if found is None else File(*map(int, found.groups()))


def hour_name(hour: int) -> str:
    """Return the directory of an hour, given in hours since 1970."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC).strftime("%Y-%m-%dT%H")


def hour_of(name: str) -> int | None:
    """Return the hour of a directory, in hours since 1970; None for what is none of ours."""
    found = _HOUR.fullmatch(name)
    if found is None:
        return None
    try:
        return int(datetime(*map(int, found.groups()), tzinfo=UTC).timestamp()) // HOUR_S  # type: ignore[misc,arg-type]
    except ValueError:  # no such day
        return None


def live(files: Iterable[File]) -> list[File]:
    """Return the files that count, the oldest part first.

    Ranges nest or are disjoint, so that sorted by their beginning, the longest first, each is held by the last that
    counted or by none.
    """
    counted: list[File] = []
    for each in sorted(files, key=lambda file: (file.first, -file.last, -file.records)):
        if not counted or not counted[-1].holds(each):
            counted.append(each)
    return counted


def to_merge(files: Sequence[File], records_max: int) -> list[File]:
    """Return neighbours to merge into one file of at most so many records; none where nothing is gained.

    Files of half that size and more stay as they are: writing them again would cost more than their number does. What
    is merged comes to twice its oldest file at least, so that a trickle of late records does not write an hour again
    and again.
    """
    for run in _runs(files, records_max):
        total = sum(file.records for file in run)
        while len(run) > 1 and run[0].records * 2 > total:
            total -= run.pop(0).records
        if len(run) > 1:
            return run
    return []


def _runs(files: Sequence[File], records_max: int) -> Iterator[list[File]]:
    """Give neighbours that are small and together come to at most `records_max`."""
    run: list[File] = []
    total = 0
    for each in files:
        small = each.records * 2 <= records_max
        if run and not (small and total + each.records <= records_max):
            yield run
            run, total = [], 0
        if small:
            run.append(each)
            total += each.records
    yield run
