"""Floods of datagrams by one source, and the streams and scans that look like them."""

import numpy as np
import pytest

from netmon.api.networks import Networks
from tests.rules.traffic.floods.attacks import BOT, run
from tests.rules.traffic.floods.ordinary import CLIENTS, ICMP, NETWORKS, TCP, UDP, WEB, packets

ELSEWHERE = CLIENTS + 200


def one_flow(rate: int = 1_500, size: int = 1_200, port: int = 5_004) -> np.ndarray:
    """A second of datagrams in one flow; the victim speaks with somebody else meanwhile."""
    there = packets(
        source=BOT, destination=WEB, source_port=41_000, destination_port=port, protocol=UDP, size=np.full(rate, size)
    )
    other = packets(source=WEB, destination=ELSEWHERE, protocol=TCP, flags=16, size=np.full(5, 500))
    return np.concatenate([there, other])


def report(*, errors: bool = False) -> np.ndarray:
    return packets(source=WEB, destination=BOT, protocol=ICMP if errors else UDP, kind=3 if errors else 0, size=[70])


def to_ports(rate: int, ports: np.ndarray, size: int) -> np.ndarray:
    return packets(
        source=BOT, destination=WEB, source_port=53_211, destination_port=ports, protocol=UDP, size=np.full(rate, size)
    )


@pytest.mark.parametrize("networks", [None, Networks()])
@pytest.mark.parametrize(("rate", "size", "at"), [(1_200, 60, 21), (3_500, 1_200, 20)])
def test_one_flow_to_whose_source_nobody_says_anything(
    rate: int, size: int, at: int, networks: Networks | None
) -> None:
    networks = networks or NETWORKS
    assert run([one_flow(rate, size)] * 19, networks) == []
    (found,) = run([one_flow(rate, size)] * 22, networks)
    assert (found.rule, found.evidence["source"], found.at % 100) == ("udp_flood", "198.51.100.66", at)


def test_one_flow_that_is_refused_is_told_sooner() -> None:
    second = np.concatenate([one_flow(), report(errors=True)])
    assert [(found.rule, found.at % 100) for found in run([second] * 5)] == [("udp_flood", 4)]


def test_a_stream_whose_receiver_reports_is_none() -> None:
    batches = [np.concatenate([one_flow(), report()]) if place % 6 == 5 else one_flow() for place in range(60)]
    assert run(batches) == []


@pytest.mark.parametrize("port", [514, 2_055, 6_343])
def test_what_a_collector_gets_is_none(port: int) -> None:
    assert run([one_flow(3_000, 300, port)] * 40) == []


def test_where_the_receiver_is_never_seen_to_send_large_datagrams_are_a_stream() -> None:
    stream = one_flow()[:-5]
    assert run([stream] * 40) == []


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (60_000, 106, ["udp_flood"]),  # more octets than probes have
        (60_000, 60, []),  # as a scan of all ports
        (150, 60, ["udp_flood"]),  # it comes back to each port
        (1_500, 60, []),  # each port once a second
    ],
)
def test_many_ports_of_one_host(count: int, size: int, expected: list[str]) -> None:
    draw = np.random.default_rng(3)
    batches = [to_ports(1_500, 1_024 + draw.permutation(max(count, 1_500))[:1_500] % count, size) for _ in range(4)]
    assert [found.rule for found in run(batches)] == expected


def test_a_scan_ends_and_a_flood_goes_on() -> None:
    draw = np.random.default_rng(3)
    batches = (to_ports(4_900, draw.permutation(60_000)[:4_900] + 1_024, 60) for _ in range(60))
    (found,) = run(batches)
    assert (found.rule, 40 <= found.at % 100 <= 45) == ("udp_flood", True)


def test_a_scan_of_who_gets_a_stream_is_no_flood() -> None:
    draw = np.random.default_rng(3)
    stream = np.concatenate([one_flow(1_200), report()])
    batches = [np.concatenate([stream, to_ports(300, draw.permutation(60_000)[:300], 60)]) for _ in range(30)]
    assert run(batches) == []


def test_streams_to_many_ports_whose_receiver_reports_are_no_flood() -> None:
    """Forty calls that are recorded: eighty streams of one gateway."""
    streams = to_ports(4_000, 20_000 + 2 * (np.arange(4_000) % 80), 214)
    assert run([np.concatenate([streams, report()])] * 10) == []
    assert [found.rule for found in run([streams] * 2)] == ["udp_flood"]


def test_many_of_our_hosts_are_counted_and_told_in_both_languages() -> None:
    draw = np.random.default_rng(3)
    ends = {"source_port": 40_000, "destination_port": 80, "protocol": UDP, "size": 500}
    second = packets(source=CLIENTS + draw.integers(0, 4_000, 60_000), destination=BOT, **ends)
    (found,) = run([second] * 2)
    assert found.rule == "outbound_flood"
    assert 3_400 < float(found.evidence["distinct_sources"]) < 4_600
    assert float(found.evidence["sampled_sources"]) < 2_048
    assert "from our own network: at least " in found.summary
    assert " addresses send " in found.summary
    assert "dari jaringan sendiri: sedikitnya " in found.summaries["id"]
    assert " alamat mengirim " in found.summaries["id"]
