"""Things that devices have alike are kept once, and no more of them than there is room for."""

from collectors.snmp.shared import Pool


def _names(count: int, what: str = "port") -> tuple[str, ...]:
    return tuple(f"{what} {number}" for number in range(count))


def test_what_is_equal_becomes_one_object() -> None:
    pool = Pool()
    first = pool.same(_names(48))
    assert pool.same(_names(48)) is first
    assert pool.same(_names(47)) == _names(47)
    assert pool.same(frozenset(_names(3))) is pool.same(frozenset(_names(3)))


def test_numbers_keep_their_type() -> None:
    pool = Pool()
    pool.same((1, 2))
    assert [type(number) for number in pool.same((1.0, 2.0))] == [float, float]
    assert [type(number) for number in pool.same((1, 2))] == [int, int]


def test_what_is_large_is_not_kept() -> None:
    pool = Pool()
    whole = _names(100_000)
    assert pool.same(whole) is whole
    assert pool.used == 0


def test_names_that_change_at_each_poll_push_out_what_was_not_seen_lately_and_fill_no_memory() -> None:
    pool = Pool(limit=50_000)
    usual, gone = pool.same(_names(48)), pool.same(_names(47))
    for poll in range(1_000):
        pool.same(_names(48, f"{poll}"))
        assert pool.same(_names(48)) is usual
        assert pool.used <= 50_000
    assert pool.same(_names(47)) is not gone
