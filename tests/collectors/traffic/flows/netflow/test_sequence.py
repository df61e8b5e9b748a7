"""Sequence numbers: what was lost, came late or twice, and what began anew."""

from collections.abc import Callable, Sequence

import pytest

from collectors.traffic.flows.netflow.counts import DomainCounts
from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from tests.support.exporters import NOW_S, batch, flowset, ipfix, number, template, v5, v5_record, v9

DATA = number(100, 4)
DEFINE = template(300, (1, 4))
UNITS = 10  # records in each datagram


def five(sequence: int, uptime_ms: int = 1_000_000) -> bytes:
    return v5([v5_record()] * UNITS, sequence=sequence, uptime_ms=uptime_ms)


def nine(sequence: int, uptime_ms: int = 1_000_000) -> bytes:
    return v9(flowset(0, DEFINE), flowset(300, *[DATA] * UNITS), sequence=sequence, uptime_ms=uptime_ms)


def ten(sequence: int) -> bytes:
    return ipfix(flowset(2, DEFINE), flowset(300, *[DATA] * UNITS), sequence=sequence)


KINDS: dict[str, tuple[Callable[[int], bytes], int]] = {"v5": (five, UNITS), "v9": (nine, 1), "ipfix": (ten, UNITS)}


def told(messages: Sequence[bytes]) -> DomainCounts:
    netflow = NetFlow()
    for message in messages:
        netflow.decode(batch(message))
    (domain,) = netflow.domains()
    return domain


CASES = {  # the order in which numbered datagrams come → missed, late (in datagrams), repeated, resets
    "in order": ([0, 1, 2, 3], 0, 0, 0, 0),
    "across the end of the numbers": ([-2, -1, 0, 1], 0, 0, 0, 0),
    "lost": ([0, 1, 4, 5, 7], 3, 0, 0, 0),
    "lost across the end": ([-2, 1], 2, 0, 0, 0),
    "overtaken": ([0, 2, 1, 3], 1, 1, 0, 0),
    "one overtaken, one lost": ([0, 3, 1, 4], 2, 1, 0, 0),
    "twice": ([0, 1, 1, 2], 0, 0, 1, 0),
    "began anew": ([90_000, 90_001, 0, 1, 2], 0, 0, 0, 1),
    "began anew, early": ([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6], 0, 0, 3, 1),
    "joined in the middle": ([500, 501], 0, 0, 0, 0),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_order(kind: str, case: str) -> None:
    order, missed, late, repeated, resets = CASES[case]
    make, units = KINDS[kind]
    domain = told([make(at * units % 2**32) for at in order])
    assert (domain.missed, domain.late) == (missed * units, late * units)
    assert (domain.repeated, domain.resets) == (repeated, resets)
    assert domain.records == len(order) * UNITS


def test_all_that_was_lost_is_told_also_of_domains_that_gave_way() -> None:
    netflow = NetFlow(NetFlowSettings(max_domains=1, domain_idle_s=100))
    sent = [nine(at) for at in (0, 4, 3, 2, 1, 1, 7)]  # three come late, one twice, two never
    netflow.decode(batch(*sent, exporter=1))
    netflow.decode(batch(ten(0), ten(5 * UNITS), exporter=2))
    counts = netflow.counts
    assert (counts.lost_datagrams, counts.repeated_datagrams, counts.lost_records) == (2, 1, 4 * UNITS)
    netflow.decode(batch(five(0), five(7 * UNITS), five(0, 1_000), received_ns=(NOW_S + 200) * 10**9))
    counts = netflow.counts
    assert [each.version for each in netflow.domains()] == [5, 10]
    assert (counts.lost_datagrams, counts.repeated_datagrams, counts.lost_records) == (2, 1, 10 * UNITS)
    assert counts.sequence_resets == 1


@pytest.mark.parametrize("make", [five, nine])
def test_an_uptime_that_went_back_is_a_restart(make: Callable[[int, int], bytes]) -> None:
    domain = told([make(0, 900_000), make(5_000, 1_000)])
    assert (domain.missed, domain.resets) == (0, 1)


def paced(kind: str, places: Sequence[tuple[float, int]]) -> DomainCounts:
    """Return what is counted of numbered datagrams that come at these seconds."""
    make, units = KINDS[kind]
    netflow = NetFlow()
    for after_s, at in places:
        netflow.decode(batch(make(at * units % 2**32), received_ns=int((NOW_S + after_s) * 10**9)))
    (domain,) = netflow.domains()
    return domain


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pause_s", [0.2, 30.0])
def test_a_jump_that_the_exporter_cannot_have_sent_meanwhile_is_a_restart(kind: str, pause_s: float) -> None:
    before = [(each / 5, each) for each in range(20)]  # five datagrams a second
    after = [(3.8 + pause_s + each / 5, 50_000 + each) for each in range(5)]
    domain = paced(kind, [*before, *after, (60.0, 50_006)])
    assert (domain.missed, domain.resets) == (KINDS[kind][1], 1), "the one that is missing afterwards is a loss"


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_busy_exporter_sends_while_nobody_listens_is_lost(kind: str) -> None:
    before = [(each / 200, each) for each in range(600)]  # 200 datagrams a second for three seconds
    domain = paced(kind, [*before, (123.0, 24_600), (123.005, 24_601)])
    assert (domain.missed, domain.resets) == (24_000 * KINDS[kind][1], 0)


@pytest.mark.parametrize("kind", KINDS)
def test_two_that_count_one_domain_each_for_itself_lose_nothing(kind: str) -> None:
    domain = paced(kind, [(each / 5, each + each % 2 * 200_000) for each in range(40)])
    assert (domain.missed, domain.resets) == (0, 39)


def test_an_uptime_that_wrapped_is_none() -> None:
    domain = told([nine(0, 2**32 - 100), nine(1, 100)])
    assert (domain.missed, domain.resets) == (0, 0)


def test_a_restart_after_more_than_half_the_range_of_uptime() -> None:
    domain = told([nine(900_000, 2**32 - 100_000_000), nine(1_000_000, 5_000)])
    assert (domain.missed, domain.resets) == (0, 1)


def test_options_data_count_in_ipfix() -> None:
    options = flowset(3, bytes.fromhex("0136 0002 0001 0095 0004 0022 0004"))
    first = ipfix(flowset(2, DEFINE), options, flowset(310, b"\0\0\0\0\0\0\0\5"), flowset(300, DATA, DATA), sequence=0)
    domain = told([first, ipfix(flowset(300, DATA), sequence=3), ipfix(flowset(300, DATA), sequence=4)])
    assert (domain.missed, domain.repeated) == (0, 0)
    again = ipfix(flowset(310, b"\0\0\0\0\0\0\0\5"), flowset(300, DATA), sequence=3)
    assert told([first, again, ipfix(flowset(300, DATA), sequence=5)]).missed == 0


def test_records_that_cannot_be_counted_are_no_loss() -> None:
    unknown = ipfix(flowset(301, DATA, DATA, DATA), sequence=10)
    domain = told([ten(0), unknown, ten(13), ten(23), ten(43)])
    assert domain.missed == 10


def test_clock_skew() -> None:
    netflow = NetFlow()
    netflow.decode(batch(v9(seconds=NOW_S - 90)))
    assert netflow.domains()[0].clock_skew_s == -90


def test_engines_of_version_5_count_for_themselves() -> None:
    netflow = NetFlow()
    one = five(0)
    other = one[:20] + b"\1\3" + one[22:]
    netflow.decode(batch(one, other, five(UNITS)))
    assert [(domain.domain, domain.missed, domain.datagrams) for domain in netflow.domains()] == [
        (0x0102, 0, 2),
        (0x0103, 0, 1),
    ]


def sized(sequence: int, records: int) -> bytes:
    return ipfix(flowset(2, DEFINE), flowset(300, *[DATA] * records), sequence=sequence)


SIZES = [16, 20, 20, 20, 26, 26, 27, 30, 30, 5, 9, 9]
STYLES: dict[str, Callable[[int], int]] = {  # what the sequence number of the message at a place is
    "records before, as the standard says": lambda at: sum(SIZES[:at]),
    "its own records too": lambda at: sum(SIZES[: at + 1]),
    "messages": lambda at: at,
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("start", [0, 2**32 - 100])
def test_how_an_exporter_counts_is_learned(style: str, start: int) -> None:
    sent = [sized((start + STYLES[style](at)) % 2**32, size) for at, size in enumerate(SIZES)]
    domain = told(sent)
    assert (domain.missed, domain.late, domain.repeated, domain.resets) == (0, 0, 0, 0)
    without = told([*sent[:10], *sent[11:]])
    assert without.missed == (1 if style == "messages" else SIZES[10])
