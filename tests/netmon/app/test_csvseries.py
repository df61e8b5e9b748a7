"""Recorded series in CSV: how times and values may be written, what is told of what cannot be read."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import ConfigError
from netmon.app import csvseries
from netmon.app.csvseries import Recording, parse
from netmon.app.text import speaking

T0 = 1_795_325_400.0  # 2026-11-22 05:30:00 UTC


def read(text: str) -> Recording:
    return parse("x.csv", text.encode())


def refused(text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as raised, speaking("en"):
        parse("x.csv", text if isinstance(text, bytes) else text.encode())
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-11-22T05:30:00Z", "2026-11-22T05:31:00Z"),
        ("2026-11-22t05:30:00z", "2026-11-22T12:31:00+07:00"),
        ("2026-11-22 12:30:00+07:00", "2026-11-22T05:31:00.000000Z"),
        ("2026-11-22 05:30:00", "2026-11-22T05:31:00"),
        ("2026-11-22 05:30", " 2026-11-22 05:31:00.000 "),
        ("1795325400", "1795325460"),
        ("1795325400.0", "1.79532546e9"),
        ("1795325400000", "1795325460000"),
    ],
)
def test_how_times_may_be_written(first: str, second: str) -> None:
    recording = read(f"timestamp,value\n{first},1\n{second},2\n")
    assert recording.at.tolist() == [T0, T0 + 60]
    assert recording.stamps == [first, second]


def test_seconds_and_milliseconds_are_told_apart_once_for_the_file() -> None:
    recording = read("timestamp,value\n100000000000,1\n3,2\n")  # a later 3 is three milliseconds, not three seconds
    assert recording.at.tolist() == [0.003, 1e8]
    assert recording.rows.tolist() == [1, 0]


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "NULL", "null", "None"])
def test_missing_values(text: str) -> None:
    recording = read(f"timestamp,value\n0,{text}\n1,-2.5e-3\n")
    assert math.isnan(recording.values[0])
    assert recording.values[1] == -0.0025
    assert recording.texts == [text, "-2.5e-3"]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbftimestamp,value\r\n0,1\r\n1,2\r\n",
        b"\n\nTimestamp , VALUE\n\n0,1\n\n1,2",
        b'"timestamp","value"\n"0","1"\n"1"," 2 "\n',
        b"host,value,timestamp\na,1,0\nb,2,1\n",
    ],
)
def test_what_spreadsheets_make_of_a_file(data: bytes) -> None:
    recording = parse("x.csv", data)
    assert (recording.at.tolist(), recording.values.tolist()) == ([0, 1], [1, 2])
    assert bool(recording.notes) == data.startswith(b"host")


def test_rows_in_any_order_are_put_in_the_order_of_time_and_that_is_said() -> None:
    rows = [f"{at},{at}" for at in range(19, -1, -1)]
    with speaking("en"):
        recording = read("timestamp,value\n" + "\n".join(rows))
    assert recording.at.tolist() == recording.values.tolist() == list(range(20))
    assert recording.rows.tolist() == list(range(19, -1, -1))
    assert recording.notes == (
        "x.csv: 19 rows are earlier than the row before, the first at 18: all are judged in the order of time",
    )


def test_a_time_that_is_there_twice_is_kept_and_said() -> None:
    rows = [f"{at},{at}" for at in range(20)]
    rows.insert(8, "7,70")
    with speaking("en"):
        recording = read("timestamp,value\n" + "\n".join(rows))
    assert recording.values.tolist()[7:10] == [7, 70, 8]
    assert recording.notes == (
        "x.csv: 1 times are there already, the first 7: their rows are judged one after the other",
    )


def test_several_series_in_one_file() -> None:
    rows = [f"{at},{at}\n{at},5" for at in range(20)]
    assert refused("timestamp,value\n" + "\n".join(rows)) == [
        (
            "x.csv:1:1: 20 times are there more than once, the first 0: these are several series; "
            "give each series a file of its own"
        )
    ]


HEAD = "timestamp,value\n"
TIMES = "write as in 2026-11-22T05:30:00Z or 2026-11-22 05:30:00, or Unix seconds"
NUMBERS = "write as in 12.5 or 1.25e1; leave it empty where the reading is missing"
EMPTY = "x.csv:1:1: there is no reading; write a line `timestamp,value` and one line for each reading"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", EMPTY),
        (HEAD, EMPTY),
        ("\ufeff\n\n", EMPTY),
        (HEAD + "yesterday,1", f"x.csv:2:1: 'yesterday' is no time; {TIMES}"),
        (HEAD + "0,1\n,2", f"x.csv:3:1: '' is no time; {TIMES}"),
        (HEAD + "nan,1", f"x.csv:2:1: 'nan' is no time; {TIMES}"),
        (
            HEAD + "0,1\n2026-01-01,2",
            (
                "x.csv:3:1: '2026-01-01' is written otherwise than the first time; "
                "write all times of a file alike: dates, or numbers"
            ),
        ),
        (
            HEAD + "2026-01-01,1\n2026-01-02T00:00:00Z,2",
            (
                "x.csv:3:1: of '2026-01-02T00:00:00Z' and the first time, only one has a zone; "
                "write the zone of every time, or of none: then it is UTC"
            ),
        ),
        (
            HEAD + "-1,1",
            (
                "x.csv:2:1: '-1' is outside the years 1970 to 9998; "
                "write Unix seconds or milliseconds, the same in all rows"
            ),
        ),
        (
            HEAD + "0001-01-01T00:00:00+14:00,1",
            (
                "x.csv:2:1: '0001-01-01T00:00:00+14:00' is outside the years 1970 to 9998; "
                "write Unix seconds or milliseconds, the same in all rows"
            ),
        ),
        (HEAD + "1700000000,1_000", f"x.csv:2:12: '1_000' is no number; {NUMBERS}"),
        (HEAD + "0,\u0663", f"x.csv:2:3: '\u0663' is no number; {NUMBERS}"),
        (HEAD + "0,12 ms\x1b[2J", f"x.csv:2:3: '12 ms\ufffd[2J' is no number; {NUMBERS}"),
        (
            HEAD + "0,1e400",
            (
                "x.csv:2:3: '1e400' is larger than any quantity; "
                "write a number up to 1e30; leave it empty where the reading is missing"
            ),
        ),
        (
            HEAD + "0,1,5",
            "x.csv:2:1: 3 fields where the head has 2; write one field for each column, and decimals with a point",
        ),
        (
            "timestamp;value\n0;1,5",
            "x.csv:1:1: fields are separated by ';'; separate them by commas, and write decimals with a point",
        ),
        (
            "timestamp\tvalue\n0\t1",
            "x.csv:1:1: fields are separated by 'tab'; separate them by commas, and write decimals with a point",
        ),
        (
            "2026-01-01,1\n2026-01-02,2",
            (
                "x.csv:1:1: the first line '2026-01-01,1' does not name the columns timestamp and value, once each; "
                "begin with `timestamp,value`"
            ),
        ),
        (
            "timestamp,value,value\n0,1,2",
            (
                "x.csv:1:1: the first line 'timestamp,value,value' does not name the columns timestamp and value, once "
                "each; begin with `timestamp,value`"
            ),
        ),
        (
            HEAD + '0,"1"2\n',
            (
                "x.csv:2:1: no CSV: ',' expected after '\"'; write one reading a line; a field with a quotation mark "
                'goes in "…", the mark twice'
            ),
        ),
    ],
)
def test_what_cannot_be_read(text: str, told: str) -> None:
    assert refused(text) == [told]


def test_another_encoding() -> None:
    told = "the text is not UTF-8; save it as CSV in UTF-8"
    assert refused(b"\xff\xfet\x00i\x00") == [f"x.csv:1:1: {told}"]
    assert refused(b"timestamp,value\n0,1\n1,\xb5") == [f"x.csv:3:3: {told}"]


def test_all_faults_are_told_up_to_ten() -> None:
    assert refused(HEAD + "0,a\n1,b\nc,2\n") == [
        f"x.csv:2:3: 'a' is no number; {NUMBERS}",
        f"x.csv:3:3: 'b' is no number; {NUMBERS}",
        f"x.csv:4:1: 'c' is no time; {TIMES}",
    ]
    assert len(refused(HEAD + "0,a\n" * 1_000)) == 10


def test_files_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvseries, "MAX_ROWS", 3)
    assert len(read(HEAD + "0,1\n1,1\n2,1\n")) == 3
    assert refused(HEAD + "0,1\n1,1\n2,1\n3,1\n")[0].startswith("x.csv:5:1: more than 3 rows or ")
    monkeypatch.setattr(csvseries, "MAX_BYTES", 20)
    assert refused(HEAD + "0,1\n1,1\n")[0].startswith("x.csv:1:1: more than 3 rows or 20 bytes")


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    _sound(data)


FIELDS = st.one_of(
    st.integers(-5, 10**14).map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
    st.floats().map(str),
    st.sampled_from(["", "null", "NaN", '"', "1e999", "timestamp", "2026-11-22", "9999-12-31T23:59:59-14:00"]),
    st.text(max_size=5),
)


@settings(deadline=None)
@given(
    st.lists(st.lists(FIELDS, min_size=1, max_size=3).map(",".join), max_size=12), st.sampled_from(["\n", "\r\n", "\r"])
)
def test_files_that_look_like_one_are_read_or_refused(rows: list[str], ends: str) -> None:
    _sound(ends.join(["timestamp,value", *rows]).encode("utf-8", "surrogatepass"))


def _sound(data: bytes) -> None:
    try:
        recording = parse("x.csv", data)
    except ConfigError as error:
        faults = error.faults
    else:
        _in_order(recording)
        return
    assert 1 <= len(faults) <= 10
    assert all(fault.problem and fault.remedy for fault in faults)


def _in_order(recording: Recording) -> None:
    assert all(earlier <= later for earlier, later in pairwise(recording.at.tolist()))
    assert len(recording.at) == len(recording.values) == len(recording.stamps) == len(recording.texts) > 0
    assert sorted(recording.rows.tolist()) == list(range(len(recording)))
    assert not np.isinf(recording.values).any()
