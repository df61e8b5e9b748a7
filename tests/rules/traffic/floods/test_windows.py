"""Windows: how many it takes, long ones of exporters, and such as no network has."""

import json

import numpy as np

from netmon.api.networks import Networks
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.floods.attacks import (
    BOT,
    run,
    syn_flood,
)
from tests.rules.traffic.floods.ordinary import (
    CLIENTS,
    NETWORKS,
    START,
    SYN,
    UDP,
    WEB,
    packets,
)


def test_a_slight_excess_needs_a_second_window() -> None:
    draw = np.random.default_rng(3)
    short = run([syn_flood(draw, rate=300), packets(source=BOT, destination=WEB, protocol=UDP, size=[60])])
    lasting = run([syn_flood(draw, rate=300), syn_flood(draw, rate=300)])
    assert short == []
    assert [(finding.rule, finding.at) for finding in lasting] == [("syn_flood", START + 2)]


def test_what_was_held_back_counts_once_it_is_said() -> None:
    draw = np.random.default_rng(3)
    nothing = [packets(source=BOT, destination=CLIENTS, protocol=UDP, size=[60])] * 12
    found = run([syn_flood(draw, rate=360), *(syn_flood(draw, rate=rate) for rate in (300, 320)), *nothing])
    assert [(one.evidence["start"], one.evidence["total_packets"]) for one in found] == [(START, 660), (START, 980)]
    totals = {name: found[-1].evidence[name] for name in ("total_bytes", "peak_packets_per_s", "peak_ratio")}
    assert totals == {"total_bytes": 980 * 60, "peak_packets_per_s": 360.0, "peak_ratio": 1.8}
    assert " over after 3 s: 980 packets and 58.8 kB in all, at most 360 packets/s" in found[-1].summary


def test_longer_windows_of_exporters_are_judged_at_once() -> None:
    draw = np.random.default_rng(3)
    flows = syn_flood(draw, rate=30_000)
    flows = flows[flows["tcp_flags"] == SYN]
    flows["exporter"] = 1
    tables = Tables(window_s=60, seed=1)
    tables.add(flows)
    rule = Floods(FloodSettings(), NETWORKS)
    found = list(rule.observe(tables.drain(START, START + 60, live=False)))
    assert [(finding.rule, finding.evidence["packets_per_s"]) for finding in found] == [("syn_flood", 500.0)]
    after = list(rule.observe(tables.drain(START + 60, START + 120, live=False)))
    assert not any(finding.cleared for finding in after)  # one export interval without it is not its end


def test_any_window_is_judged_without_a_fault() -> None:
    """Numbers as no network has them: the highest and the lowest together, forged addresses of all kinds."""
    from netmon.api.traffic import ENDPOINT, Second

    draw = np.random.default_rng(9)
    rule = Floods(FloodSettings(), NETWORKS)
    anywhere = Floods(FloodSettings(), Networks())
    for number in range(30):
        octets = draw.integers(0, 256, 2 * 300 * ENDPOINT.itemsize, dtype=np.uint8)
        rows = octets.view(ENDPOINT)
        rows["hi"][::2], rows["lo"][::2] = 0, CLIENTS + draw.integers(0, 200, 300)
        rows["packets"][::5] = 0xFFFFFFFF
        sample = syn_flood(draw, rate=50)
        sample["destination_lo"] = rows["lo"][: len(sample)]
        sample["protocol"] = draw.integers(0, 256, len(sample))
        length = (1.0, 0.001, 60.0, 0.0)[number % 4]
        second = Second(
            start=float(number), end=number + length, live=bool(number % 3), destinations=rows[:300],
            sources=rows[150:], sample=sample,
        )  # fmt: skip
        for finding in [*rule.observe(second), *anywhere.observe(second)]:
            assert finding.summary
            assert finding.summaries["id"]
            json.dumps(finding.evidence, allow_nan=False)
