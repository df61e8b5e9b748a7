"""When a flow began and ended, however its exporter says it: Unix time, NTP time, uptime, durations."""

import struct

import pytest

from collectors.traffic.flows.netflow.decoder import NetFlow
from tests.support.exporters import NOW_S, batch, number, v5, v5_record
from tests.support.flow_fields import END, NOW_MS, START, TCP, one


def test_an_uptime_that_wrapped_between_flow_and_export() -> None:
    (record,) = NetFlow().decode(batch(v5([v5_record(first_ms=2**32 - 2_000, last_ms=2**32 - 500)], uptime_ms=500)))
    assert (NOW_S * 10**9 - int(record["start_ns"]), NOW_S * 10**9 - int(record["end_ns"])) == (2_500_000_000, 10**9)


def ntp(unix_ns: int) -> bytes:
    seconds, rest = divmod(unix_ns, 10**9)
    return struct.pack(">II", (seconds + 2_208_988_800) % 2**32, (rest << 32) // 10**9)


BOOT = NOW_MS - 50_000  # Unix milliseconds
TIMES = {
    "seconds": ([((150, 4), number(START // 1000, 4)), ((151, 4), number(END // 1000, 4))], 1_000),
    "milliseconds": ([((152, 8), number(START, 8)), ((153, 8), number(END, 8))], 0.001),
    "microseconds": ([((154, 8), ntp(START * 10**6)), ((155, 8), ntp(END * 10**6))], 0.001),
    "nanoseconds": ([((156, 8), ntp(START * 10**6)), ((157, 8), ntp(END * 10**6))], 0.001),
    "delta": ([((158, 4), number(7_500_000, 4)), ((159, 4), number(1_250_000, 4))], 0.001),
    "duration back": ([((153, 8), number(END, 8)), ((161, 4), number(END - START, 4))], 0.001),
    "duration on": ([((152, 8), number(START, 8)), ((162, 4), number((END - START) * 1000, 4))], 0.001),
    "since start": (
        [
            ((22, 4), number(START - BOOT, 4)),
            ((21, 4), number(END - BOOT, 4)),
            ((160, 8), number(BOOT, 8)),
        ],
        0.001,
    ),
    "best of several": (
        [((150, 4), number(5, 4)), ((152, 8), number(START, 8)), ((151, 4), number(9, 4)), ((153, 8), number(END, 8))],
        0.001,
    ),
}


@pytest.mark.parametrize("case", TIMES)
def test_times(case: str) -> None:
    fields, within_ms = TIMES[case]
    record = one([*TCP, *fields])
    assert abs(int(record["start_ns"]) / 1e6 - START) <= within_ms
    assert abs(int(record["end_ns"]) / 1e6 - END) <= within_ms


def test_an_uptime_without_a_beginning_ends_with_the_export() -> None:
    record = one([*TCP, ((22, 4), number(400, 4)), ((21, 4), number(900, 4))])
    assert (int(record["start_ns"]), int(record["end_ns"])) == (NOW_S * 10**9 - 500_000_000, NOW_S * 10**9)


def test_without_times_it_was_at_the_export() -> None:
    record = one(TCP)
    assert int(record["start_ns"]) == int(record["end_ns"]) == NOW_S * 10**9


def test_ntp_time_of_the_next_era() -> None:
    record = one([*TCP, ((156, 8), ntp(2_100_000_000 * 10**9))])  # 2036-07: the 32 bits of seconds began anew
    assert int(record["start_ns"]) == 2_100_000_000 * 10**9
