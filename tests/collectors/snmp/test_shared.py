"""Things that devices have alike are kept once."""

from collectors.snmp.shared import MAX_LENGTH, same


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(count))


def test_what_is_equal_becomes_one_object() -> None:
    first = same(_numbers(48))
    assert same(_numbers(48)) is first
    assert same(_numbers(47)) == _numbers(47)
    assert same(frozenset(_numbers(3))) is same(frozenset(_numbers(3)))


def test_what_is_long_is_not_kept() -> None:
    whole = _numbers(MAX_LENGTH + 1)
    same(whole)
    assert same(_numbers(MAX_LENGTH + 1)) is not whole
