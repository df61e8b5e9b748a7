import numpy as np
import pytest

from rules.traffic.learned import Learned
from rules.traffic.learned_settings import LearnedSettings

FLOORS = np.array([100.0, 10.0])


def keys(*numbers: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(len(numbers), np.uint64), np.array(numbers, np.uint64)


def teach(
    learned: Learned, rates: list[list[float]], at: float, *numbers: int, hold: bool = False, length_s: float = 1.0
) -> None:
    hi, lo = keys(*(numbers or (1,)))
    learned.learn(hi, lo, np.array(rates), floors=FLOORS, held=np.full((len(hi), 2), hold), at=at, length_s=length_s)


def normal(learned: Learned, at: float, number: int = 1) -> tuple[list[float], list[float]]:
    level, bound = learned.normal(*keys(number), FLOORS, at)
    return level[0].tolist(), bound[0].tolist()


def made(**settings: float) -> Learned:
    return Learned(("first", "second"), LearnedSettings(**settings))


def test_what_is_not_known_has_floors() -> None:
    assert normal(made(), 5.0) == ([0.0, 0.0], [100.0, 10.0])


def test_bounds_follow_what_is_usual_and_never_fall_below_floors() -> None:
    learned = made()
    for at in range(60):
        teach(learned, [[400.0, 1.0]], at)
    level, bound = normal(learned, 60.0)
    assert level[0] == pytest.approx(400, rel=0.02)
    assert bound[0] == pytest.approx(1_200, rel=0.1)
    assert bound[1] == 10.0


def test_a_busy_hour_is_remembered_for_days() -> None:
    learned = made()
    for at in range(0, 3_600, 10):
        teach(learned, [[1_000.0 if 1_000 <= at < 3_000 else 50.0, 0.0]], at, length_s=10)
    after = 3_600 + 2 * 86_400
    teach(learned, [[50.0, 0.0]], after, length_s=10)
    assert normal(learned, after)[1][0] > 1_000


def test_what_is_held_teaches_nothing() -> None:
    learned = made()
    for at in range(60):
        teach(learned, [[200.0, 1.0]], at)
    before = normal(learned, 60.0)
    for at in range(60, 360):
        teach(learned, [[90_000.0, 500.0]], at, hold=True)
    for after, earlier in zip(normal(learned, 360.0), before, strict=True):
        assert after == pytest.approx(earlier, rel=0.01)


def test_an_attack_that_is_not_noticed_teaches_slowly() -> None:
    learned = made()
    for at in range(3_600):
        teach(learned, [[200.0, 1.0]], at)
    before = normal(learned, 3_600.0)[1][0]
    for at in range(3_600, 3_660):
        teach(learned, [[90_000.0, 1.0]], at)
    assert normal(learned, 3_660.0)[1][0] < 1.3 * before


def test_what_lasts_longer_than_a_week_is_the_new_normal() -> None:
    learned = made(accept_after_s=100.0)
    for at in range(60):
        teach(learned, [[200.0, 1.0]], at)
    for at in range(60, 159):
        teach(learned, [[5_000.0, 1.0]], at, hold=True)
    assert normal(learned, 159.0)[0][0] == pytest.approx(200, rel=0.02)
    for at in range(159, 6_000):
        teach(learned, [[5_000.0, 1.0]], at, hold=True)
    assert normal(learned, 6_000.0)[0][0] > 3_000


def test_one_window_of_a_young_key_does_not_outvote_its_floor() -> None:
    learned = made()
    teach(learned, [[95.0, 9.0]], 1.0)
    assert normal(learned, 2.0)[1] == [100.0, 10.0]


def test_levels_fade_while_nothing_is_seen() -> None:
    learned = made(falling_s=100.0)
    for at in range(60):
        teach(learned, [[400.0, 1.0]], at)
    assert normal(learned, 59.0 + 100.0)[0][0] == pytest.approx(400 / np.e, rel=0.02)


def test_the_longest_unseen_make_room() -> None:
    learned = made(keys=16)
    for at in range(16):
        teach(learned, [[50.0, 5.0]], float(at), at)
    teach(learned, [[70.0, 5.0]] * 3, 20.0, 100, 101, 0)
    assert len(learned) == 16
    assert [normal(learned, 20.0, number)[0][0] > 0 for number in (0, 1, 2, 3, 100, 101)] == [
        True,
        False,
        False,
        True,
        True,
        True,
    ]


def test_more_fresh_keys_than_room_are_cut() -> None:
    learned = made(keys=16)
    teach(learned, [[50.0, 5.0]] * 40, 1.0, *range(40))
    assert len(learned) == 16


def test_what_was_saved_is_gone_on_with() -> None:
    learned, again = made(), made()
    for at in range(60):
        teach(learned, [[400.0, 1.0], [3.0, 2.0]], at, 1, 9)
    again.restore(learned.save())
    assert normal(again, 60.0, 9) == normal(learned, 60.0, 9)
    assert normal(again, 60.0, 1) == normal(learned, 60.0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.array([b"other"])}, "features"),
        ({"last": np.zeros(7)}, "length"),
        ({"keys": np.array([3, 2], np.uint64)}, "order"),
        ({"levels": np.full((3, 2, 2), np.nan)}, "cannot be"),
        ({"levels": np.zeros((3, 2, 2), np.int64)}, "numbers"),
    ],
)
def test_what_cannot_have_been_saved_is_refused(change: dict[str, np.ndarray], message: str) -> None:
    learned = made()
    teach(learned, [[400.0, 1.0], [3.0, 2.0]], 1.0, 1, 9)
    with pytest.raises(ValueError, match=message):
        made().restore({**learned.save(), **change})
    with pytest.raises(ValueError, match="without"):
        made().restore({})
