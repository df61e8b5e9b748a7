"""What a sender owes the core: every number given out, and the newest lines in memory. Pure: decides, does no I/O."""

from collections.abc import Sequence

from netmon.core.link.owed import Owed
from netmon.core.link.wire import Batch


class Outbox:
    """Numbers things, and remembers how far each was written, forced to disk and acknowledged.

    Lines in memory are numbered without gaps up to the newest. Those that are written may be pushed out of memory by
    newer ones; those that are not stay until they are acknowledged.
    """

    def __init__(self, next_number: int, memory_max_bytes: int) -> None:
        self.owed = Owed()
        self.next_number = next_number
        self.written = next_number - 1  # everything up to here is in files, or acknowledged
        self.synced = next_number - 1  # everything up to here survives a power cut, or is acknowledged
        self.acknowledged = 0
        self.memory_bytes = 0
        self.unwritten_bytes = 0
        self._memory_max_bytes = memory_max_bytes
        self._lines: list[bytes] = []
        self._first = next_number  # the number of the first line in memory

    @property
    def last(self) -> int:
        """Return the newest number given out."""
        return self.next_number - 1

    @property
    def secured(self) -> int:
        """Return the number up to which nothing can be lost any more."""
        return max(self.synced, self.acknowledged)

    def has_room(self, length: int) -> bool:
        """Tell whether memory can take one more line that is not written yet."""
        return self.unwritten_bytes + length <= self._memory_max_bytes

    def add(self, lines: Sequence[bytes]) -> None:
        """Give numbers to lines; ask `has_room` before."""
        if not lines:
            return
        self.owed.add(self.next_number, self.next_number + len(lines) - 1)
        self._lines += lines
        self.next_number += len(lines)
        size = sum(map(len, lines))
        self.memory_bytes += size
        self.unwritten_bytes += size

    def unwritten(self, max_bytes: int) -> Batch | None:
        """Return the oldest lines that are neither written nor acknowledged, at least one where there are any."""
        first = max(self.written, self.acknowledged) + 1
        return self._lines_from(first, len(self._lines), max_bytes)

    def wrote(self, through: int) -> None:
        """Learn that everything up to this number is in files."""
        self._settle(through)
        excess = self.memory_bytes - self._memory_max_bytes
        drop = 0
        while excess > 0 and self._first + drop <= self.written:
            excess -= len(self._lines[drop])
            drop += 1
        self._forget(drop)

    def acknowledge(self, through: int) -> int:
        """Learn that the core has everything up to this number; return how many of these were owed."""
        if through <= self.acknowledged:
            return 0
        self.acknowledged = through
        self._settle(through)
        self._forget(max(0, min(len(self._lines), through + 1 - self._first)))
        return self.owed.remove(0, through)

    def batch(self, number: int, records: int, max_bytes: int) -> Batch | None:
        """Return lines from this number on; None where they are not in memory."""
        return self._lines_from(number, records, max_bytes)

    def in_memory(self, number: int) -> bool:
        """Tell whether the line of this number is in memory."""
        return number >= self._first

    def _lines_from(self, number: int, records: int, max_bytes: int) -> Batch | None:
        at = number - self._first
        if not 0 <= at < len(self._lines):
            return None
        lines = self._lines[at : at + records]
        total = 0
        for count, line in enumerate(lines):
            total += len(line)
            if total > max_bytes and count:
                return Batch(number, lines[:count])
        return Batch(number, lines)

    def _settle(self, through: int) -> None:
        """Count lines up to this number as written."""
        if through > self.written:
            begin = max(0, self.written + 1 - self._first)
            end = max(0, through + 1 - self._first)
            self.unwritten_bytes -= sum(map(len, self._lines[begin:end]))
            self.written = through

    def _forget(self, count: int) -> None:
        self.memory_bytes -= sum(map(len, self._lines[:count]))
        del self._lines[:count]
        self._first += count
