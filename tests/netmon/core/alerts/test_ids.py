"""Ids are found by their beginning, among 100,000 too."""

import time
from hashlib import sha256

from hypothesis import given, strategies

from netmon.core.alerts.ids import Ids

names = strategies.text("0af", max_size=4)


@given(known=strategies.sets(names), gone=strategies.sets(names), beginning=names)
def test_those_that_begin_so_and_no_others(known: set[str], gone: set[str], beginning: str) -> None:
    table = dict.fromkeys(known)
    ids = Ids(table)
    ids.beginning_with(beginning)
    for name in known & gone:
        del table[name]
    ids.look_again()
    assert ids.beginning_with(beginning) == sorted(name for name in table if name.startswith(beginning))


def test_thousands_are_found_among_many_without_going_through_them() -> None:
    table = dict.fromkeys(sha256(str(number).encode()).hexdigest()[:12] for number in range(100_000))
    ids = Ids(table)
    began = time.process_time()
    found = [ids.beginning_with(name[:10]) for name in list(table)[:5_000]]
    assert all(found)
    assert time.process_time() - began < 5  # 0.1 s here; going through all of them takes half a minute
