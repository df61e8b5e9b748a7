"""Flows that nobody looks at go from the wire to where they are kept; where somebody does, they are records."""

import socket
from contextlib import closing
from pathlib import Path

import polars as pl
from prometheus_client import CollectorRegistry

from exporters.flowstore.settings import FlowStoreSettings
from netmon.api.networks import Networks
from netmon.api.traffic import Second
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_collector
from netmon.app.traffic.keeper import Keeper
from netmon.app.traffic.sources import Exports
from netmon.app.traffic.tallies import Tallies
from tests.support.exporters import NOW_S, flowset, number, template, v9
from tests.support.measured_flows import read

OFF = {"detectors": {listing.name: {"enabled": False} for listing in TRAFFIC_RULES}}
LISTEN = {"flows": {"listen": ["udp://127.0.0.1:0"], "allow": ["127.0.0.0/8"]}}
FIELDS = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4), (22, 4), (21, 4)]


def flows(count: int, sequence: int) -> bytes:
    """Return a datagram of flows that ended before NOW_S, with their template."""
    ends = number(990_000, 4) + number(999_000, 4)
    rows = b"".join(
        bytes([10, 0, 0, row, 10, 0, 1, 1]) + number(1024 + row, 2) + number(443, 2) + b"\6\x1b" + number(100 * row, 4)
        + number(row, 4) + ends
        for row in range(count)
    )  # fmt: skip
    return v9(flowset(0, template(256, *FIELDS)), flowset(256, rows), sequence=sequence)


def collected(folder: Path, built: Built, batches: int, *, lend: bool) -> tuple[Tallies, int]:
    """Send batches of 10 flows to a collector that keeps them; return its sums, and how many went by as records."""
    keeper = Keeper(FlowStoreSettings(), folder, Networks(), CollectorRegistry())
    keeper.open(NOW_S)
    built.hooks.keep, built.hooks.lend = keeper.put, keeper.lend if lend else None
    tallies, seen = Tallies(), 0
    exports = Exports(TrafficSettings.model_validate(OFF | LISTEN), "here-flows", {})
    exports.straight = built.straight
    exports.open()
    with closing(exports), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        sender.connect(("127.0.0.1", exports.flows.endpoints[0].port))
        for batch in range(batches):
            sender.send(flows(10, batch))
            traffic = exports.next(5.0)
            assert traffic is not None
            tallies.take(traffic)
            keeper.put(traffic.records)
            built.pipeline.take_now(traffic, NOW_S * 10**9 + batch)
            seen += len(traffic)
    keeper.close()
    assert keeper.counts["kept"] == 10 * batches
    return tallies, seen


def test_what_nobody_looks_at_goes_straight_and_is_kept_and_summed_the_same(tmp_path: Path) -> None:
    off = TrafficSettings.model_validate(OFF)
    tallies, seen = collected(tmp_path / "straight", build_collector(off, Networks()), 3, lend=True)
    assert seen == 10, "the first batch tells of what hour records come"
    others, all_seen = collected(tmp_path / "put", build_collector(off, Networks()), 3, lend=False)
    assert all_seen == 30
    assert tallies.plain() == others.plain()
    assert (tallies.packets, tallies.bytes, tallies.verdicts()) == (3 * 45, 3 * 4_500, {"ok": 30})
    assert read(tmp_path / "straight").sort(pl.all()).equals(read(tmp_path / "put").sort(pl.all()))


def test_what_somebody_measures_or_judges_are_records(tmp_path: Path) -> None:
    measured, seconds = build_collector(TrafficSettings.model_validate(OFF), Networks()), list[Second]()
    measured.hooks.watch = seconds.append
    assert collected(tmp_path / "measured", measured, 3, lend=True)[1] == 30
    assert sum(len(each.ended) for each in seconds) == 30
    judged = build_collector(TrafficSettings(), Networks())
    assert collected(tmp_path / "judged", judged, 3, lend=True)[1] == 30


def test_before_it_is_open_a_keeper_lends_nothing(tmp_path: Path) -> None:
    keeper = Keeper(FlowStoreSettings(), tmp_path, Networks(), CollectorRegistry())
    with keeper.lend() as lender:
        assert lender is None
