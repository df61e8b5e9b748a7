import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from netmon.api.traffic import MAPPED, SAMPLE
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.sketch import distinct
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.tables.made import ICMP, TCP, UDP, drained, mixed, packets
from tests.support.bounds import checked_cache


def classes(flags: int) -> set[str]:
    """What a TCP packet counts as, written out once more and differently."""
    found = set()
    names = {name for bit, name in enumerate(("fin", "syn", "rst", "psh", "ack", "urg")) if flags >> bit & 1}
    if "rst" in names:
        found.add("rst")
    elif "syn" in names and "fin" not in names:
        found.add("syn_ack" if "ack" in names else "syn")
    elif "fin" in names:
        found.add("fin")
    elif "ack" in names:
        found.add("ack")
    if names in (set(), {"fin"}, {"fin", "psh", "urg"}) or ("syn" in names and names & {"fin", "rst"}):
        found.add("odd_flags")
    return found


@pytest.mark.parametrize("side", ["destination", "source"])
def test_every_count_is_what_a_plain_loop_gives(side: str) -> None:
    records = mixed(20_000, 3)
    second = drained(records[:4_096], records[4_096:])
    expected: dict[tuple[int, int], Counter[str]] = {}
    for record in records[records["version"] > 0]:
        row = expected.setdefault((int(record[f"{side}_hi"]), int(record[f"{side}_lo"])), Counter())
        size, protocol = int(record["bytes"]), int(record["protocol"])
        row.update(packets=1, bytes=size)
        name = {TCP: "tcp", UDP: "udp", ICMP: "icmp", 58: "icmp"}.get(protocol)
        if name:
            row.update({name: 1, f"{name}_bytes": size})
        if record["fragment"]:
            row.update(fragments=1, fragment_bytes=size)
        if protocol == TCP:
            row.update(dict.fromkeys(classes(int(record["tcp_flags"])), 1))
        amplifier = int(record["source_port" if side == "destination" else "destination_port"])
        if protocol == UDP and amplifier in (53, 443):
            row.update(reflected=1, reflected_bytes=size)
    table = second.destinations if side == "destination" else second.sources
    assert {(int(row["hi"]), int(row["lo"])) for row in table} == set(expected)
    names = [
        name
        for name in table.dtype.names or ()
        if name not in ("hi", "lo", "peers", "ports", "flows", "port", "port_votes", "reflected_port")
        and name not in ("reflected_votes", "handshakes")
    ]
    for row in table:
        told = {name: int(row[name]) for name in names if row[name]}
        assert told == {name: count for name, count in expected[int(row["hi"]), int(row["lo"])].items() if count}
    assert (second.records, second.packets, second.bytes) == (20_000, 20_000, int(records["bytes"].sum()))


def test_the_ports_table_counts_both_directions_under_the_lower_port() -> None:
    there = packets(3, source_port=40_000, destination_port=443, tcp_flags=[2, 16, 16])
    back = packets(2, source_port=443, destination_port=40_000, tcp_flags=0x12)
    other = packets(1, protocol=47)
    ports = drained(there, back, other).ports
    assert ports.tolist() == [(6, 443, 300, 5, 1), (47, 0, 60, 1, 0)]


@pytest.mark.parametrize("count", [1, 10, 100, 400, 1_000])
def test_sketches_tell_how_many(count: int) -> None:
    second = drained(packets(count, source_lo=np.arange(count), source_port=np.arange(count), destination_port=443))
    assert distinct(second.destinations["peers"])[0] == pytest.approx(count, rel=0.2, abs=0.6)
    assert distinct(second.destinations["flows"])[0] == pytest.approx(count, rel=0.35, abs=0.6)
    assert distinct(second.destinations["ports"])[0] == pytest.approx(1, abs=0.1)
    assert distinct(second.sources["peers"]).max() == pytest.approx(1, abs=0.1)


def test_the_port_of_most_packets_wins() -> None:
    wanted = packets(600, destination_port=443)
    others = packets(400, destination_port=np.arange(400) + 1_000)
    order = np.random.default_rng(1).permutation(1_000)
    second = drained(np.concatenate([wanted, others])[order])
    assert second.destinations["port"][0] == 443
    assert second.destinations["port_votes"][0] >= 200


def test_a_handshake_is_an_ack_after_a_syn_of_the_same_ends() -> None:
    syn = packets(100, source_port=np.arange(100) + 1_024, destination_port=443, tcp_flags=2)
    ack = packets(60, source_port=np.arange(60) + 1_024, destination_port=443, tcp_flags=16)
    tables = Tables(seed=7)
    tables.add(syn)
    tables.drain(0, 1)
    tables.add(np.concatenate([ack, ack]))  # the second ACK of a connection completes nothing
    second = tables.drain(1, 2)
    assert (second.destinations["handshakes"][0], second.sources["handshakes"][0]) == (60, 60)
    tables.drain(2, 3)
    tables.add(packets(40, source_port=np.arange(60, 100) + 1_024, destination_port=443, tcp_flags=16))
    assert tables.drain(3, 4).destinations["handshakes"][0] == 0  # its SYN is too long ago


def test_a_handshake_is_one_also_between_ends_that_were_met_before() -> None:
    ends = {"source_port": np.arange(50) + 1_024, "destination_port": 443}
    ack, syn = packets(50, tcp_flags=16, **ends), packets(50, tcp_flags=2, **ends)
    second = drained(ack, syn, ack, ack, syn)
    assert (second.destinations["handshakes"][0], second.destinations["packets"][0]) == (50, 250)


def test_more_ends_than_are_known_at_once_are_counted_and_sketched_alike() -> None:
    """One address meets 300,000 ends, twice: sketches are what those of fewer at a time are, joined."""
    count = 300_000
    records = packets(count, source_lo=np.arange(count) % 1_000, source_port=np.arange(count) // 1_000)
    row = drained(records, records, settings=TablesSettings(rows=2_048)).destinations[0]
    parts = [drained(records[at : at + 50_000]).destinations[0] for at in range(0, count, 50_000)]
    assert row["packets"] == row["tcp"] == 2 * count
    for sketch in ("peers", "ports", "flows"):
        assert row[sketch].tolist() == np.bitwise_or.reduce([part[sketch] for part in parts]).tolist()


def test_more_addresses_than_rows_are_counted_and_destinations_stay_exact() -> None:
    settings = TablesSettings(rows=64)
    records = packets(5_000, source_lo=np.arange(5_000), destination_lo=np.arange(5_000) % 8)
    second = drained(records, settings=settings)
    assert (len(second.sources), second.unlisted) == (64, {"sources": 5_000 - 64})
    assert second.destinations["packets"].tolist() == [625] * 8
    assert second.packets == 5_000


def test_a_long_flow_counts_with_the_share_that_fits_into_the_window() -> None:
    flow = packets(1_000, exporter=1, bytes=6_000, packets=30, end_ns=60_000_000_001, tcp_flags=0x1B)
    flow["source_port"], flow["destination_port"] = 50_000, 443
    second = drained(flow, live=False)
    row = second.destinations[0]
    assert row["bytes"] == 200 * row["packets"]
    assert float(row["packets"]) == pytest.approx(500, rel=0.15)  # 30 packets over 60 s, rounded at random
    assert second.ports["flows"][0] <= 1_000
    short = packets(1, exporter=1, bytes=6_000, packets=30, end_ns=500_000_000, tcp_flags=0x1B)
    short["source_port"], short["destination_port"] = 50_000, 443
    row = drained(short, live=False).destinations[0]
    assert (row["packets"], row["syn"], row["handshakes"], row["fin"], row["ack"]) == (30, 1, 1, 1, 28)


def test_the_reply_of_a_flow_is_traffic_the_other_way() -> None:
    flow = packets(1, exporter=1, packets=5, source_lo=1, destination_lo=2, tcp_flags=0x1B, destination_port=443)
    flow["reply_packets"], flow["reply_bytes"], flow["reply_tcp_flags"], flow["source_port"] = 9, 9_000, 0x1B, 50_000
    second = drained(flow, live=False)
    answered = second.sources[second.sources["lo"] == MAPPED + 2][0]
    assert (answered["packets"], answered["bytes"], answered["syn_ack"], answered["syn"]) == (9, 9_000, 1, 0)
    assert second.packets == 14


def test_a_flow_whose_packets_are_all_syn_counts_each() -> None:
    flow = packets(1, exporter=1, packets=7, end_ns=900_000_000, tcp_flags=2)
    assert drained(flow, live=False).destinations["syn"][0] == 7


def test_a_sampled_packet_stands_for_as_many() -> None:
    second = drained(packets(10, exporter=2, packets=512, sampling=512, bytes=512 * 60, tcp_flags=2))
    assert (second.destinations["syn"][0], second.packets) == (5_120, 5_120)


def test_counts_stay_at_the_highest_that_they_can_be() -> None:
    second = drained(packets(3, packets=(1 << 32) - 2, sampling=(1 << 32) - 2, tcp_flags=2))
    assert (second.destinations["packets"][0], second.destinations["syn"][0]) == (2**32 - 1, 2**32 - 1)
    assert second.packets == 3 * (2**32 - 2)


def test_the_sample_is_uniform() -> None:
    found = np.zeros(20)
    for seed in range(12):
        tables = Tables(seed=seed)
        records = packets(40_000, start_ns=np.arange(40_000), end_ns=np.arange(40_000))
        for at in range(0, 40_000, 1_000):
            tables.add(records[at : at + 1_000])
        sample = tables.drain(0, 1).sample
        assert len(np.unique(sample["start_ns"])) == SAMPLE
        found += np.bincount(sample["start_ns"] // np.uint64(2_000), minlength=20)
    # Chi-squared with 19 degrees of freedom: beyond 43.8 in one of a thousand.
    expected = SAMPLE * 12 / 20
    assert float(((found - expected) ** 2 / expected).sum()) < 43.8


def test_a_sample_of_few_is_all_of_them() -> None:
    records = packets(300, start_ns=np.arange(300))
    assert drained(records[:200], records[200:]).sample.tolist() == records.tolist()


FUZZ = """
import numpy as np
from netmon.api.traffic import RECORD
from rules.traffic.tables.tables import Tables
from rules.traffic.tables.settings import TablesSettings

draw = np.random.default_rng(11)
tables = Tables(TablesSettings(rows=64, kept=8), window_s=1.0, seed=1)
for number in range(60):
    octets = draw.integers(0, 256, 400 * RECORD.itemsize, dtype=np.uint8)
    records = octets.view(RECORD)
    if number % 2:
        records["packets"] = draw.choice([0, 1, 2, 2**64 - 1], 400).astype(np.uint64)
        records["sampling"] = 1
        records["start_ns"] = records["end_ns"]
        records["protocol"] = draw.choice([6, 17, 1], 400)
        records["destination_hi"] = records["source_hi"] = 0
        records["destination_lo"] &= np.uint64(127)
    tables.add(records)
    if number % 7 == 0:
        second = tables.drain(number, number + 1)
        assert len(second.destinations) <= 64 and len(second.sources) <= 64
print("through")
"""


def test_any_octets_are_counted_within_bounds() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    ran = subprocess.run(
        [sys.executable, "-c", FUZZ], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.stdout, ran.returncode) == ("through\n", 0), ran.stderr
