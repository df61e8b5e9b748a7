"""Sums of exporters' flows against sums made flow by flow in plain Python; no pass leaves its arrays."""

import os
import subprocess
import sys
from collections import Counter
from ipaddress import ip_network
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.meter.links import Links
from collectors.traffic.meter.meter import Meter
from collectors.traffic.meter.places import DIRECTIONS
from collectors.traffic.meter.settings import MeterSettings
from netmon.api.networks import Networks, Place
from netmon.api.traffic import RECORD, EndReason, Second
from tests.support.bounds import checked_cache
from tests.support.flow_rows import rows_of

OURS = Networks(
    [
        Place(ip_network("10.1.0.0/16"), "dc"),
        Place(ip_network("10.2.0.0/16"), "hub"),
        Place(ip_network("203.0.113.0/24"), title="provider"),
        Place(ip_network("2001:db8:1::/48"), "hub"),
    ]
)
ADDRESSES = ["10.1.0.5", "10.2.0.6", "203.0.113.7", "198.51.100.9", "2001:db8:1::5", "2001:db8:2::5"]
SITES = {"10.1.0.5": "dc", "10.2.0.6": "hub", "2001:db8:1::5": "hub"}
flow = st.fixed_dictionaries(
    {
        "source": st.sampled_from(ADDRESSES),
        "destination": st.sampled_from(ADDRESSES),
        "protocol": st.sampled_from([1, 6, 17, 47, 58]),
        "version": st.sampled_from([0, 4, 6]),
        "end_reason": st.sampled_from(list(EndReason)),
        "exporter": st.integers(0, 2),
        "in_interface": st.integers(0, 2),
        "out_interface": st.integers(0, 2),
        "direction": st.sampled_from([0, 0, 0, 1]),
        "bytes": st.integers(0, 2**40),
        "packets": st.integers(1, 2**20),
        "reply_bytes": st.integers(0, 2**40),
        "reply_packets": st.integers(1, 2**20),
    }
)


def crossing(source: str, destination: str) -> tuple[str, str]:
    """Return the direction of what goes from one to the other, and the site at which it counts."""
    if source in SITES:
        return ("internal" if destination in SITES else "out"), SITES[source]
    return ("in", SITES[destination]) if destination in SITES else ("transit", "")


def kind_of(told: dict[str, Any]) -> tuple[int, int]:
    return int(told["version"] == 6), {6: 0, 17: 1, 1: 2, 58: 2}.get(told["protocol"], 3)


def links_of(flows: list[dict[str, Any]], both: set[int]) -> dict[tuple[int, int], list[int]]:
    loads: dict[tuple[int, int], list[int]] = {}
    for told in flows:
        exporter, egress = told["exporter"], told["direction"] == 1
        for name, forth, back in (("in_interface", 0, 1), ("out_interface", 1, 0)):
            for way, which in ((forth, ""), (back, "reply_")):
                counts = (not egress) if way == 0 else (egress or exporter not in both)
                if exporter and told[name] and counts:
                    load = loads.setdefault((exporter, told[name]), [0, 0, 0, 0])
                    load[way] += told[f"{which}bytes"]
                    load[2 + way] += told[f"{which}packets"]
    return loads


@given(st.lists(st.lists(flow, max_size=12), min_size=1, max_size=3))
def test_flows_come_to_what_each_of_them_is(windows: list[list[dict[str, Any]]]) -> None:
    meter = Meter(MeterSettings(), OURS)
    octets, begun, protocols = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[int, int]]()
    received, links, both = Counter[str](), Counter[tuple[int, int, int]](), set[int]()
    for number, flows in enumerate(windows):
        meter.see(Second(number, number + 1, False, ended=rows_of(flows)))
        both |= {told["exporter"] for told in flows if told["direction"] == 1}
        for told in flows:
            there, back = (told["source"], told["destination"]), (told["destination"], told["source"])
            octets[crossing(*there)] += told["bytes"]
            octets[crossing(*back)] += told["reply_bytes"]
            received[SITES.get(there[1], "no one of ours")] += told["bytes"]
            received[SITES.get(back[1], "no one of ours")] += told["reply_bytes"]
            begun[crossing(*there)] += told["end_reason"] != EndReason.ACTIVE
            protocols[kind_of(told)] += told["packets"] + told["reply_packets"]
        for (exporter, index), load in links_of(flows, both).items():
            links.update({(exporter, index, column): value for column, value in enumerate(load)})
    places = meter._places
    cells = [(way, site) for way in range(len(DIRECTIONS)) for site in range(len(places.sites))]
    named = {(DIRECTIONS[way], places.sites[site]): (way, site) for way, site in cells}
    assert {
        name: int(places.crossed["bytes"][cell]) for name, cell in named.items() if places.crossed["bytes"][cell]
    } == {name: count for name, count in octets.items() if count}
    assert {name: int(places.flows[cell]) for name, cell in named.items() if places.flows[cell]} == {
        name: count for name, count in begun.items() if count
    }
    assert [int(count) for count in places.received["bytes"]] == [received[site] for site in places.sites]
    assert meter._protocols.packets.tolist() == [[protocols[version, kind] for kind in range(4)] for version in (0, 1)]
    told_links = {
        (*at, column): load for at, loads in meter._links.loads.items() for column, load in enumerate(loads) if load
    }
    assert told_links == {key: value for key, value in links.items() if value}


def test_interfaces_of_many_exporters_have_rows_of_their_own() -> None:
    meter = Meter(MeterSettings(interfaces=2_000), OURS)
    rows = np.zeros(4_000, RECORD)
    rows["exporter"], rows["in_interface"] = np.arange(4_000) % 50 + 1, np.arange(4_000) % 1_500 + 1
    rows["bytes"], rows["packets"] = np.arange(4_000), 1
    meter.see(Second(0, 1, False, ended=rows))
    expected = Counter[tuple[int, int]]()
    for row in rows.tolist():
        told = dict(zip(RECORD.names or (), row, strict=True))
        expected[told["exporter"], told["in_interface"]] += told["bytes"]
    loads = meter._links.loads
    assert len(loads) == len(expected) == 1_500
    assert all(loads[key][0] == octets for key, octets in expected.items())
    assert meter._links.dropped == 0


def test_there_is_a_mark_for_every_exporter_that_may_be() -> None:
    assert len(Links(16).both) > 65_535


ASK = """
import random
import numpy as np
from ipaddress import ip_network
from collectors.traffic.meter.meter import Meter
from collectors.traffic.meter.settings import MeterSettings
from netmon.api.networks import Networks, Place
from netmon.api.traffic import ENDPOINT, RECORD, Second
from rules.traffic.hidden.beacon import Beacon
from rules.traffic.hidden.exfiltration import Exfiltration
from rules.traffic.hidden.settings import BeaconSettings, ExfiltrationSettings

chance = random.Random(5)
places = [Place(ip_network((chance.getrandbits(32) & ~0xFF << 8 * (one % 2), 24 - 8 * (one % 2)), strict=False), "ours")
    for one in range(40)] + [Place(ip_network("2000::/5"), "six"), Place(ip_network("128.0.0.0/1"), "half")]
for networks in (Networks(places), Networks()):
    meter = Meter(MeterSettings(interfaces=7, followed=16), networks)
    rules = [Beacon(BeaconSettings(pairs=16), networks), Exfiltration(ExfiltrationSettings(least_octets=0), networks)]
    for now in range(1, 7):
        flows = np.frombuffer(bytearray(chance.randbytes(168 * 200)), RECORD)
        flows["source_hi"][::2] = 0
        flows["destination_hi"][::3] = 0
        flows["source_lo"][::2] = flows["source_lo"][::2] & np.uint64(0xFFFFFFFF) | np.uint64(0xFFFF00000000)
        flows["protocol"][::4] = 17
        ends = np.frombuffer(bytearray(chance.randbytes(ENDPOINT.itemsize * 50)), ENDPOINT)
        for live in (False, True):
            second = Second(now, now + 1, live, destinations=ends, sources=ends, begun=flows, ended=flows)
            meter.see(second)
            for rule in rules:
                list(rule.observe(second))
    meter.reading(7.0)
print("sound")
"""


def test_no_pass_over_flows_leaves_its_arrays() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "sound\n"), done.stderr
