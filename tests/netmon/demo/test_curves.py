from itertools import pairwise

import pytest

from netmon.demo.curves import DAY_S, NIGHT, OFFICE, ORIGIN, PUBLIC, STEADY, WEEK_HOURS, Curve, local_day

NOW = 1_790_000_000.0
PEAK = 4e8


@pytest.mark.parametrize("week", [OFFICE, PUBLIC, NIGHT, STEADY])
def test_the_total_is_the_integral_of_the_rate(week: tuple[int, ...]) -> None:
    curve = Curve(PEAK, week, 1, "x")
    for start in (NOW, ORIGIN - 1234.5, ORIGIN + 3 * DAY_S + 7.25 * 3600):
        step, steps = 0.25, 4 * 5_000  # crosses an hour's end
        summed = sum(curve.rate(start + (i + 0.5) * step) for i in range(steps)) * step
        assert curve.total(start + step * steps) - curve.total(start) == pytest.approx(summed, rel=1e-6)


@pytest.mark.parametrize("week", [OFFICE, PUBLIC, NIGHT, STEADY])
def test_rates_are_positive_and_below_one_and_a_half_peaks(week: tuple[int, ...]) -> None:
    assert len(week) == WEEK_HOURS
    curve = Curve(PEAK, week, 7, "y")
    rates = [curve.rate(NOW + 61.7 * i) for i in range(10_000)]
    assert 0 < min(rates) < max(rates) < 1.5 * PEAK


def test_totals_never_fall_not_even_between_close_moments() -> None:
    curve = Curve(PEAK, OFFICE, 3, "z")
    totals = [curve.total(NOW + 0.01 * i) for i in range(400_000)]  # more than an hour
    assert all(later > earlier for earlier, later in pairwise(totals))


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    one, same, other = (Curve(PEAK, OFFICE, seed, "x") for seed in (1, 1, 2))
    assert one.rate(NOW) == same.rate(NOW) != other.rate(NOW)
    assert one.total(NOW) == same.total(NOW) != other.total(NOW)


def test_offices_work_by_day_and_on_weekdays() -> None:
    curve = Curve(PEAK, OFFICE, 1, "x")
    monday = ORIGIN + 40 * 7 * DAY_S
    morning, night, sunday = (curve.rate(monday + h * 3600) for h in (10, 2, 6 * 24 + 10))
    assert morning > 5 * night
    assert morning > 3 * sunday
    assert local_day(monday + DAY_S / 2) == 0.5
