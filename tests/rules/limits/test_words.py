"""Moments as text, held against the standard library's calendar; numbers with their units."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.limits.words import figure, moment


@given(st.floats(0, 253_402_300_799))
def test_a_moment_is_what_the_calendar_says(at: float) -> None:
    assert moment(at) == f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%S}Z"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (1_798_761_599.9, "2026-12-31T23:59:59Z"),
    ],
)
def test_the_ends_of_months_and_years(at: float, expected: str) -> None:
    assert moment(at) == expected


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        ("used_bytes", 1021 * 2**20, "1021 MiB"),
        ("used_bytes", 999.4 * 2**20, "999 MiB"),
        ("used_bytes", 1.5 * 2**30, "1.5 GiB"),
        ("used_bytes", -1020.0, "-1020 B"),
        ("speed_bits_per_second", 999_700.0, "1000 kbit/s"),
        ("speed_bits_per_second", 1e9, "1 Gbit/s"),
    ],
)
def test_sizes_and_speeds_are_told_without_an_exponent(metric: str, value: float, expected: str) -> None:
    assert figure(metric, value) == expected
