"""Which numbers are owed, and which of their lines are in memory, against plain sets and lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from netmon.core.link.outbox import Outbox
from netmon.core.link.owed import Owed
from netmon.core.link.wire import Batch

STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove"]), st.integers(0, 12), st.integers(0, 12)), max_size=30)


@given(STEPS)
def test_owed_is_a_set(steps: list[tuple[str, int, int]]) -> None:
    owed, plain, newest = Owed(), set[int](), 0
    for what, a, b in steps:
        if what == "add":
            first, last = newest + 1 + a, newest + a + b
            owed.add(first, last)
            plain |= set(range(first, last + 1))
            newest = max(newest, last)
        else:
            gone = {number for number in plain if a <= number <= a + b}
            assert owed.remove(a, a + b) == len(gone)
            plain -= gone
        assert len(owed) == len(plain)
        assert {number for first, last in owed for number in range(first, last + 1)} == plain
        assert owed.first == min(plain, default=None)
        assert owed.next_from(a) == min((number for number in plain if number >= a), default=None)


def test_owed_only_grows_at_its_end() -> None:
    owed = Owed()
    owed.add(5, 7)
    with pytest.raises(ValueError, match="7 is not above 7"):
        owed.add(7, 9)


class OutboxMachine(RuleBasedStateMachine):
    """An outbox beside a dictionary of all lines and three plain numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(100, memory_max_bytes=40)
        self.lines: dict[int, bytes] = {}
        self.written = self.acknowledged = 99

    @rule(sizes=st.lists(st.integers(1, 9), max_size=5))
    def add(self, sizes: list[int]) -> None:
        lines = [b"%d" % size * size for size in sizes]
        if self.outbox.has_room(sum(sizes)):
            self.lines |= dict(enumerate(lines, self.outbox.next_number))
            self.outbox.add(lines)

    @rule(size=st.integers(1, 30))
    def write(self, size: int) -> None:
        batch = self.outbox.unwritten(size)
        first = max(self.written, self.acknowledged) + 1
        if batch is None:
            assert first not in self.lines
            return
        assert batch.first == first
        assert list(batch.lines) == [self.lines[number] for number in range(first, batch.last + 1)]
        self.written = batch.last
        self.outbox.wrote(batch.last)

    @rule(ahead=st.integers(0, 5))
    def acknowledge(self, ahead: int) -> None:
        through = min(self.acknowledged + ahead, max(self.lines, default=99))
        assert self.outbox.acknowledge(through) == through - self.acknowledged
        self.acknowledged = through

    @rule(ahead=st.integers(1, 5), records=st.integers(1, 4), size=st.integers(1, 30))
    def read(self, ahead: int, records: int, size: int) -> None:
        number = self.acknowledged + ahead
        batch = self.outbox.batch(number, records, size)
        if batch is None:
            assert number not in self.lines or number <= self.written
        else:
            self.check(batch, number, records, size)

    def check(self, batch: Batch, number: int, records: int, size: int) -> None:
        assert batch.first == number
        assert list(batch.lines) == [self.lines[each] for each in range(number, batch.last + 1)]
        assert len(batch.lines) <= records
        assert len(batch.lines) == 1 or sum(map(len, batch.lines)) <= size

    @invariant()
    def counts(self) -> None:
        unwritten = [line for number, line in self.lines.items() if number > max(self.written, self.acknowledged)]
        assert self.outbox.unwritten_bytes == sum(map(len, unwritten))
        assert len(self.outbox.owed) == sum(number > self.acknowledged for number in self.lines)
        kept = [line for number, line in self.lines.items() if self.outbox.in_memory(number)]
        assert self.outbox.memory_bytes == sum(map(len, kept))


TestOutbox = OutboxMachine.TestCase
