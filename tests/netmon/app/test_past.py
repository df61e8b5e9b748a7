"""Times that are past are read as people write them, in the zone where they live."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from netmon.app.past import past

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC).timestamp()
JAKARTA = ZoneInfo("Asia/Jakarta")  # 17:30 there


def utc(*fields: int) -> float:
    return datetime(*fields, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]  # year, month, …


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("90s", NOW - 90),
        ("2h30m", NOW - 9000),
        ("5min", NOW - 300),
        ("1w1d", NOW - 8 * 86_400),
        ("today", utc(2026, 11, 21, 17)),
        ("yesterday", utc(2026, 11, 20, 17)),
        ("17:00", utc(2026, 11, 22, 10)),
        ("18:00", utc(2026, 11, 21, 11)),
        ("17:29:59", utc(2026, 11, 22, 10, 29, 59)),
        ("2026-11-01", utc(2026, 10, 31, 17)),
        (" 2026-11-01 08:00 ", utc(2026, 11, 1, 1)),
        ("2026-11-01T08:00:00Z", utc(2026, 11, 1, 8)),
        ("2026-11-01T08:00:00+09:00", utc(2026, 10, 31, 23)),
    ],
)
def test_what_is_written_is_that_time(text: str, expected: float) -> None:
    assert past(text, NOW, JAKARTA) == expected


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "h", "-2h", "0001-01-01T00:00:00+23:59x"])
def test_what_is_no_time_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="2026-11-01"):
        past(text, NOW)
