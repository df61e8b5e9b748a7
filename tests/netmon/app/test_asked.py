"""How people write conditions, durations and times."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Matcher
from netmon.app.asked import duration_s, escaped, matcher, matcher_text, moment, printable

JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("instance=sw-1", Matcher("instance", "sw-1")),
        (" instance = sw-1 ", Matcher("instance", "sw-1")),
        ('site=~"k.*"', Matcher("site", "k.*", is_regex=True)),
        ("site=~k.*", Matcher("site", "k.*", is_regex=True)),
        ("site!=hub", Matcher("site", "hub", is_equal=False)),
        ('site!~"a|b"', Matcher("site", "a|b", is_regex=True, is_equal=False)),
        ("site=", Matcher("site", "")),
        ('note="say \\"hi\\"\\n\\\\"', Matcher("note", 'say "hi"\n\\')),
        ("a=b=c", Matcher("a", "b=c")),
    ],
)
def test_conditions(text: str, wanted: Matcher) -> None:
    assert matcher(text) == wanted
    assert matcher(matcher_text(wanted)) == wanted


@given(st.builds(Matcher, st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True), st.text(), st.booleans(), st.booleans()))
def test_every_condition_can_be_written_and_read(each: Matcher) -> None:
    assert matcher(matcher_text(each)) == each


@pytest.mark.parametrize("text", ["", "sw-1", "=x", "1a=b", "a-b=c", 'a="b', 'a="'])
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no condition; write name=value|opens a quote"):
        matcher(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7_200),
        ("30m", 1_800),
        ("30min", 1_800),
        ("1d12h", 129_600),
        ("90s", 90),
        ("1w", 604_800),
        ("1h 5m", 3_900),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "0s", "1y", "2h2h", "400d", "1.5h", "9" * 400 + "h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration of up to a year; write 30m, 2h"):
        duration_s(text)


NOW = datetime(2026, 11, 22, 21, 30, tzinfo=JAKARTA).timestamp()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("now", NOW),
        ("+2h", NOW + 7_200),
        ("22:00", NOW + 1_800),
        ("21:30", NOW + 86_400),
        ("6:05", datetime(2026, 11, 23, 6, 5, tzinfo=JAKARTA).timestamp()),
        ("2026-11-22 23:00", NOW + 5_400),
        ("2026-11-22T23:00", NOW + 5_400),
        ("2026-11-22T16:00:00Z", NOW + 5_400),
        ("2026-11-22 23:00+07:00", NOW + 5_400),
    ],
)
def test_times(text: str, wanted: float) -> None:
    assert moment(text, NOW, JAKARTA) == wanted


def test_tomorrows_clock_where_an_hour_is_missing() -> None:
    now = datetime(2026, 3, 28, 22, 0, tzinfo=BERLIN).timestamp()
    assert datetime.fromtimestamp(moment("20:00", now, BERLIN), UTC) == datetime(2026, 3, 29, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "25:00", "tomorrow", "22", "22:60", "+", "2026-13-01"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time; write 22:00|is no duration"):
        moment(text, NOW, JAKARTA)


def test_what_others_wrote_does_nothing_to_a_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed\ud800") == "a\ufffd[2Jb c\ufffdd\ufffd"
    assert printable("Kabupaten Énü 12 °C") == "Kabupaten Énü 12 °C"


@given(st.dictionaries(st.text(), st.text()))
def test_json_for_a_terminal_is_the_same_json(thing: dict[str, str]) -> None:
    text = escaped(json.dumps(thing, ensure_ascii=False))
    assert text.isprintable()
    assert json.loads(text) == thing


def test_json_for_a_terminal_escapes_what_is_beyond_16_bits() -> None:
    assert escaped('"\x9b\x7f\U000e0001é"') == '"\\u009b\\u007f\\udb40\\udc01é"'
