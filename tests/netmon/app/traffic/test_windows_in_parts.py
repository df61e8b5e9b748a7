"""A flow collector's window of a great many flows is judged in parts: what is found, measured, counted is the same."""

from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.flowtable import packed, pairing
from netmon.api import Finding
from netmon.api.networks import Networks, Place
from netmon.api.traffic import MAPPED, RECORD, Second, Traffic
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_collector
from netmon.app.traffic.judging import flows_in, second_bytes, without_flows
from rules.traffic.overload.loads import Loads
from rules.traffic.overload.settings import Capacity

NS = 1_000_000_000
NETWORKS = Networks([Place(ip_network("10.0.0.0/8"), "ours")])
OURS, OTHERS = MAPPED | 10 << 24, MAPPED | 198 << 24 | 51 << 16 | 100 << 8
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WHOLE = 256


def flows(count: int, at_s: float, **of: object) -> NDArray[np.void]:
    """So many flows of one second, each in two records beside each other; `of`: of the initiator's, and `reply_…`."""
    rows = np.zeros(2 * count, RECORD)
    there, back = rows[::2], rows[1::2]
    there["source_lo"], there["destination_lo"] = OTHERS | 1, OURS | 1
    there["source_port"], there["destination_port"] = 10_000 + np.arange(count) % 50_000, 443
    rows["version"], rows["protocol"], rows["exporter"], rows["sampling"] = 4, 6, 1, 1
    rows["packets"], rows["bytes"], rows["tcp_flags"] = 10, 20_000, SYN | ACK | PSH | FIN
    rows["in_interface"], rows["out_interface"] = 3, 4
    start = int(at_s * NS) + np.arange(count) * 1_000_000
    for each in (there, back):
        each["start_ns"], each["end_ns"] = start, start + NS // 2
    for name, value in of.items():
        (back if name.startswith("reply_") else there)[name.removeprefix("reply_")] = value
    for one, other in (("source", "destination"), ("destination", "source")):
        for name in ("lo", "port"):
            back[f"{one}_{name}"] = there[f"{other}_{name}"]
    return rows


def window(number: int) -> NDArray[np.void]:
    """Ten seconds: a web server's clients, who guesses passwords of SSH, who scans, and a copy to outside."""
    at_s, mixed = 1_000.0 + 10 * number, np.random.default_rng(number)
    clients = OTHERS | mixed.integers(2, 250, 1_500, np.uint64)
    calls = flows(1_500, at_s, source_lo=clients, bytes=mixed.integers(900, 90_000, 1_500))
    ssh = {"destination_port": 22, "destination_lo": OURS | 7, "source_lo": OTHERS | 251}
    guesses = flows(60, at_s, **ssh, bytes=2_200, packets=14, reply_bytes=2_600, reply_packets=13)
    ports = np.arange(300) + 300 * number + 1
    scan = {"destination_port": ports, "destination_lo": OURS | 9, "source_lo": OTHERS | 252, "source_port": 45_000}
    refused = {"tcp_flags": SYN, "packets": 1, "bytes": 44, "reply_tcp_flags": RST | ACK}
    probes = flows(300, at_s, **scan, **refused, reply_packets=1, reply_bytes=40)
    parts = [each.reshape(-1, 2) for each in (calls, guesses, probes)]
    rows = np.concatenate(parts)
    return rows[mixed.permutation(len(rows))].reshape(-1)


def run(windows: int) -> tuple[list[Finding], list[Second], Built]:
    built = build_collector(TrafficSettings(), NETWORKS)
    found, seen = list[Finding](), list[Second]()
    built.hooks.send = found.extend
    built.hooks.watch = seen.append
    for number in range(windows):
        built.pipeline.take_now(Traffic(window(number)), (1_001 + 10 * number) * NS)
    built.pipeline.finish()
    return found, seen, built


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def make() -> None:
        monkeypatch.setattr(pairing, "_WHOLE", WHOLE)
        monkeypatch.setattr(pairing, "_BLOCK", WHOLE // 2)
        monkeypatch.setattr(packed, "PART", WHOLE)

    return make


def names(found: Sequence[Finding]) -> list[tuple[object, ...]]:
    told = {(each.rule, each.severity, each.target, each.evidence["source"], each.cleared) for each in found}
    return sorted(told, key=str)


def test_the_same_is_found_and_measured(in_parts: Callable[[], None]) -> None:
    whole, seen, _ = run(4)
    in_parts()
    parted, in_more, built = run(4)
    assert {each.rule for each in whole} == {"brute_force", "port_scan"}
    assert names(parted) == names(whole)
    assert built.judges.bugs == {}
    assert len(in_more) > len(seen) == 4
    for name in ("bytes", "packets", "reply_bytes", "source_port"):
        sums = [sum(int(each.ended[name].sum()) for each in seconds) for seconds in (seen, in_more)]
        assert sums[0] == sums[1] > 0


def test_parts_share_the_window_by_their_flows(in_parts: Callable[[], None]) -> None:
    in_parts()
    handed = list[Second]()
    built = build_collector(TrafficSettings(), NETWORKS)
    built.pipeline.hand = handed.append
    built.pipeline.take_now(Traffic(window(0)), 1_001 * NS)
    built.pipeline.elapse(1_010 * NS)
    (second,) = handed
    assert second.more is not None
    assert (len(second.ended) + len(second.more), flows_in(second)) == (1_860, 1_860)
    parts = list(second.parts())
    assert {(each.end, each.live, len(each.destinations)) for each in parts} == {(1_010.0, False, 0)}
    assert (second.follows, [each.follows for each in parts]) == (True, [True] * (len(parts) - 1) + [False])
    lengths = sum(each.length_s for each in parts)
    assert lengths == pytest.approx(10 * len(second.more) / 1_860)
    assert parts[0].length_s == pytest.approx(10 * len(parts[0].ended) / 1_860)
    assert second_bytes(second) > second_bytes(without_flows(second)) + second.more.nbytes
    assert flows_in(without_flows(second)) == 0


def test_capacities_count_all_parts(in_parts: Callable[[], None]) -> None:
    link = {"name": "up", "link": {"device": "r", "port": "3"}, "bits_per_second": 10**9}
    prefix = {"name": "net", "prefix": "10.0.0.0/8", "connections_per_second": 10**6}
    service = {"name": "web", "service": {"address": "10.0.0.1", "port": 443}, "connections_per_second": 10**6}
    capacities = [Capacity.model_validate(each) for each in (link, prefix, service)]

    def told() -> Iterator[tuple[str, str, dict[str, float], int]]:
        handed = list[Second]()
        built = build_collector(TrafficSettings(), NETWORKS)
        built.pipeline.hand = handed.append
        built.pipeline.take_now(Traffic(window(0)), 1_001 * NS)
        built.pipeline.elapse(1_010 * NS)
        loads = Loads(capacities, lambda _, index: ("r", str(index)))
        for load in loads.of(handed[0]):
            rates = {unit: rate for unit, rate in load.rates.items() if unit == "connections" or load.capacity.link}
            yield load.capacity.name, load.direction, rates, len(load.records) if load.capacity.link else 0

    whole = list(told())
    in_parts()
    assert list(told()) == whole
    assert {rates["connections"] for _, _, rates, _ in whole} >= {186.0, 150.0}
