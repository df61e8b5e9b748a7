"""Scores look only back, are the same alone and among others and after a restart, and survive any value and clock."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api.columns import Arrays, Floats, Slots
from rules.baselines.score import BLOCK, Detector
from rules.baselines.settings import DetectorSettings

SETTINGS = DetectorSettings()
START = 1_760_000_000.0
HOSTILE = (0.0, -0.0, 1.0, 1e300, -1e300, 1.7e308, -1.7e308, 5e-324, 1e-310, 1e-30, 1e30, 3.4e38, -1e-7, 255.0)


def slots(*numbers: int) -> Slots:
    return np.array(numbers, np.int32)


def scored(values: Sequence[float] | Floats, at: Sequence[float] | Floats, detector: Detector | None = None) -> Floats:
    """Return two columns: score, expected."""
    detector = detector or Detector(SETTINGS)
    rows = []
    for value, when in zip(values, at, strict=True):
        found = detector.step(slots(0), np.array([value]), np.array([when]))
        rows.append((found.scores[0], found.expected[0]))
    return np.array(rows, np.float64).reshape(-1, 2)


def day_curve(count: int, seed: int, step_s: float = 300.0) -> tuple[Floats, Floats]:
    at = START + np.arange(count, dtype=np.float64) * step_s
    noise = np.random.default_rng(seed).normal(0, 1, count)
    return at, 50 + 20 * np.sin(at / 86_400 * 2 * np.pi) + noise


numbers = st.one_of(st.sampled_from(HOSTILE), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 9))
moves = st.one_of(
    st.sampled_from((300.0, 300.0, 300.0, 30.0, 3_600.0, 0.0, -86_400.0, 1e9, -1e9)), st.floats(-1e6, 1e6)
)
series = st.lists(st.tuples(numbers, moves), min_size=2, max_size=120)


def unfold(drawn: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    values, gaps = zip(*drawn, strict=True)
    return np.array(values, np.float64), START + np.cumsum(gaps)


# A short past makes short series score, so that what is compared is not only zeros.
EAGER = DetectorSettings(warm_steps=2, warm_days=0, grown_steps=4)


@given(series, st.data())
@settings(deadline=None)
def test_scores_look_only_back(drawn: list[tuple[float, float]], data: st.DataObject) -> None:
    values, at = unfold(drawn)
    cut = data.draw(st.integers(1, len(values)))
    whole = scored(values, at, Detector(EAGER))
    np.testing.assert_array_equal(scored(values[:cut], at[:cut], Detector(EAGER)), whole[:cut])


@given(series, st.data())
@settings(deadline=None)
def test_a_restart_changes_no_score(drawn: list[tuple[float, float]], data: st.DataObject) -> None:
    values, at = unfold(drawn)
    cut = data.draw(st.integers(0, len(values)))
    before, after = Detector(EAGER), Detector(EAGER, 7)
    first = scored(values[:cut], at[:cut], before)
    after.restore(before.save())
    both = np.concatenate((first, scored(values[cut:], at[cut:], after)))
    np.testing.assert_array_equal(both, scored(values, at, Detector(EAGER)))


@given(series)
@settings(deadline=None)
def test_any_value_at_any_time_gives_a_finite_score(drawn: list[tuple[float, float]]) -> None:
    values, at = unfold(drawn)
    found = scored(values, at, Detector(EAGER))
    assert np.isfinite(found).all()
    assert (found[:, 0] >= 0).all()
    assert (found[:, 0] < 1).all()


def test_series_of_any_age_and_interval_score_among_others_as_they_do_alone() -> None:
    count, steps = BLOCK + 10, 60
    chosen = [0, 1, 2, BLOCK - 1, BLOCK, count - 1]
    random = np.random.default_rng(1)
    detector, alone = Detector(EAGER), {number: Detector(EAGER) for number in chosen}
    positive = 0
    for step in range(steps):
        there = random.permutation(np.flatnonzero(random.random(count) < 0.7)).astype(np.int32)
        at = START + step * 300.0 + random.uniform(0, 300, len(there))
        values = random.normal(there % 7, 1) * 10.0 ** (there % 5)
        found = detector.step(there, values, at)
        for number in chosen:
            for row in np.flatnonzero(there == number):
                one = alone[number].step(slots(0), values[row : row + 1], at[row : row + 1])
                got = (found.scores[row], found.expected[row], found.margin[row])
                assert got == (one.scores[0], one.expected[0], one.margin[0])
                positive += int(got[0] > 0)
    assert positive > 50


def test_a_shift_of_the_level_a_spike_and_a_lost_daily_curve_are_anomalies_and_ordinary_days_are_not() -> None:
    """Noise makes a new extreme now and then: in less than one of 2,000 values of ordinary days."""
    ordinary = [day_curve(4_000, seed) for seed in range(3)]
    assert np.mean([scored(values, at)[1_000:, 0] >= 0.5 for at, values in ordinary]) < 0.0005
    at, values = day_curve(4_000, 1)
    for change in (_shifted, _spiked, _flat):
        found = scored(change(values), at)[:, 0]
        assert (found[1_000:3_000] < 0.5).all()
        assert (found[3_000:3_200] >= 0.5).any(), change


def _shifted(values: Floats) -> Floats:
    return np.where(np.arange(len(values)) >= 3_000, values + 30, values)


def _spiked(values: Floats) -> Floats:
    return np.where(np.arange(len(values)) == 3_050, 200, values)


def _flat(values: Floats) -> Floats:
    return np.where(np.arange(len(values)) >= 3_000, 95, values)


def test_what_was_expected_is_what_is_usual_at_the_time_of_day() -> None:
    at, values = day_curve(3_000, 4)
    found = scored(values, at)
    assert np.abs(found[2_000:, 1] - values[2_000:]).mean() < 3  # the curve goes 50 ± 20
    assert found[0, 1] == pytest.approx(values[0])  # nothing else is known yet


def test_there_is_no_score_before_enough_time_has_passed() -> None:
    few = DetectorSettings(warm_steps=20, warm_days=0)
    at, values = day_curve(60, 5, step_s=30)
    assert not scored(values, at, Detector(few))[:, 0].any()  # 60 values of half a minute are six steps
    at, values = day_curve(60, 5)
    found = scored(values, at, Detector(few))[:, 0]
    assert not found[:21].any()
    assert found[21:].any()


def test_there_is_no_score_before_a_series_was_seen_once_around_the_clock() -> None:
    for step_s in (60.0, 300.0, 3_600.0):
        at, values = day_curve(int(2 * 86_400 / step_s), 5, step_s)
        found = scored(values, at, Detector(DetectorSettings(warm_steps=20)))[:, 0]
        a_day = int(86_400 / step_s)
        assert not found[:a_day].any()
        assert found[a_day + 2 :].any()
    at, values = day_curve(150, 5)
    late = np.where(np.arange(150) < 100, at, at + 30 * 86_400)  # it was silent for a month: that is not known
    assert not scored(values, late, Detector(DetectorSettings(warm_steps=20)))[:, 0].any()


def test_polling_more_often_does_not_make_a_series_forget_faster() -> None:
    """A level that is usual at night is no surprise the next night, be it polled every 30 s or every 5 min."""
    for step_s in (30.0, 300.0):
        at, values = day_curve(int(5 * 86_400 / step_s), 6, step_s)
        assert (scored(values, at)[int(3 * 86_400 / step_s) :, 0] < 0.5).all()


def test_a_clock_that_goes_back_or_jumps_harms_no_later_score() -> None:
    at, values = day_curve(3_000, 7)
    broken = at.copy()
    broken[1_500] -= 400 * 86_400
    broken[1_600] += 400 * 86_400
    assert (scored(values, broken)[2_000:, 0] < 0.5).all()


def test_a_value_may_be_large_beside_its_changes() -> None:
    at, values = day_curve(2_500, 8)
    np.testing.assert_allclose(
        scored(values + 2**40, at, Detector(DetectorSettings(resolution=1e-30)))[:, 0],
        scored(values, at, Detector(DetectorSettings(resolution=1e-30)))[:, 0],
        atol=0.05,
    )


def test_extremes_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of long ago, however absurd, does not keep a series from ever being unusual again."""
    monkeypatch.setattr("rules.baselines.score.SEASON_STEPS", np.float32(2_000))
    at, values = day_curve(5_400, 9, step_s=3_600)
    values[1_000], values[3_900], values[5_300] = 1e6, 200.0, 200.0
    found = scored(values, at)[:, 0]
    assert found[1_000] >= 0.5
    assert found[3_900] < 0.5  # one to two seasons: not yet
    assert found[5_300] < found[1_000]


def test_a_slot_that_was_freed_knows_nothing_of_before() -> None:
    detector = Detector(EAGER)
    at, values = day_curve(200, 10)
    scored(values, at, detector)
    detector.free(slots(0, 999_999))
    np.testing.assert_array_equal(scored(values * -3, at, detector), scored(values * -3, at, Detector(EAGER)))


def test_no_rows_are_no_work() -> None:
    found = Detector(SETTINGS).step(slots(), np.empty(0), np.empty(0))
    assert len(found.scores) == len(found.expected) == len(found.margin) == 0


def _without(arrays: Arrays, name: str) -> Arrays:
    return {key: array for key, array in arrays.items() if key != name}


@pytest.mark.parametrize("name", ["columns", "origin", "last", "daily", "seen"])
def test_state_that_does_not_fit_is_refused_and_changes_nothing(name: str) -> None:
    detector = Detector(EAGER, 3)
    at, values = day_curve(50, 11)
    scored(values, at, detector)
    saved = detector.save()
    wrong = (
        _without(saved, name),
        {**saved, name: saved[name][..., :-1]},
        {**saved, name: saved[name].astype(np.complex128)},
    )
    for arrays in wrong:
        with pytest.raises(ValueError, match="of the baselines is no"):
            detector.restore(arrays)
    np.testing.assert_equal(dict(detector.save()), dict(saved))


def test_what_was_saved_is_a_copy() -> None:
    detector = Detector(EAGER)
    at, values = day_curve(50, 12)
    scored(values[:25], at[:25], detector)
    saved = detector.save()
    kept = {name: array.copy() for name, array in saved.items()}
    scored(values[25:], at[25:], detector)
    np.testing.assert_equal(dict(saved), kept)


def test_the_state_is_small() -> None:
    detector = Detector(SETTINGS, 1_000)
    assert detector.nbytes / detector.size <= 900
