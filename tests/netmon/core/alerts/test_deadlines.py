"""Deadlines against a plain dictionary."""

from hypothesis import given, strategies

from netmon.core.alerts.deadlines import Deadlines

keys = strategies.sampled_from("abcdef")
numbers = strategies.integers(0, 50).map(float)
steps = strategies.one_of(
    strategies.tuples(strategies.just("set"), keys, numbers),
    strategies.tuples(strategies.just("drop"), keys, numbers),
    strategies.tuples(strategies.just("due"), keys, numbers),
    strategies.tuples(strategies.just("shift"), keys, numbers.map(lambda number: number - 25)),
    strategies.tuples(strategies.just("pop"), keys, numbers),
)


@given(strategies.lists(steps, max_size=60))
def test_like_a_dictionary(done: list[tuple[str, str, float]]) -> None:
    real, plain = Deadlines(), dict[str, float]()
    for step, key, number in done:
        match step:
            case "set":
                real.set(key, number)
                plain[key] = number
            case "drop":
                real.drop(key)
                plain.pop(key, None)
            case "shift":
                real.shift(number)
                plain = {each: at + number for each, at in plain.items()}
            case "pop":
                first = min(plain, key=lambda each: (plain[each], each), default=None)
                assert real.pop_first() == first
                plain.pop(first or "", None)
            case _:
                expected = sorted((at, each) for each, at in plain.items() if at <= number)
                assert real.due(number) == expected
                plain = {each: at for each, at in plain.items() if at > number}
        assert real.items() == plain
        assert len(real) == len(plain)


def test_what_is_put_off_for_ever_takes_no_room() -> None:
    deadlines = Deadlines()
    for at in range(10_000):
        deadlines.set("a", float(at))
        deadlines.set("b", float(-at))
    assert len(deadlines._heap) < 100
