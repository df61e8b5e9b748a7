import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from netmon.api.traffic import MAPPED, RECORD, SAMPLE, Second, halves
from rules.traffic.tables.merge import merge
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.sketch import distinct
from rules.traffic.tables.tables import Tables
from tests.support.bounds import checked_cache

TCP, UDP, ICMP = 6, 17, 1
FLAGS = (0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x00, 0x01, 0x29, 0x03, 0xC2)


def packets(count: int, **columns: object) -> np.ndarray:
    records = np.zeros(count, RECORD)
    records["source_lo"] = records["destination_lo"] = MAPPED
    defaults = {"packets": 1, "sampling": 1, "bytes": 60, "version": 4, "protocol": TCP, "start_ns": 1, "end_ns": 1}
    for name, value in {**defaults, **columns}.items():
        records[name] += np.asarray(value).astype(RECORD[name])
    return records


def drained(*batches: np.ndarray, live: bool = True, settings: TablesSettings | None = None) -> Second:
    tables = Tables(settings, seed=7)
    for batch in batches:
        tables.add(batch)
    return tables.drain(100.0, 101.0, live=live)


def mixed(count: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    protocol = draw.choice([TCP, UDP, ICMP, 58, 132, 47], count, p=[0.5, 0.25, 0.1, 0.05, 0.05, 0.05])
    ports = np.isin(protocol, [TCP, UDP, 132])
    return packets(
        count,
        source_hi=draw.choice([0, 1 << 63], count).astype(np.uint64),
        source_lo=draw.integers(0, 50, count),
        destination_lo=draw.integers(0, 20, count),
        bytes=draw.integers(0, 1_440, count),
        protocol=protocol,
        source_port=np.where(ports, draw.choice([53, 443, 40_000, 65_535], count), 0),
        destination_port=np.where(ports, draw.choice([53, 443, 40_001], count), 0),
        tcp_flags=np.where(protocol == TCP, draw.choice(FLAGS, count), 0),
        fragment=draw.choice([0, 0, 0, 1], count),
        version=np.where(draw.random(count) < 0.02, 0, 4),
    )


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


def test_the_next_window_begins_empty() -> None:
    tables = Tables(seed=7)
    tables.add(mixed(5_000, 1))
    first, nothing = tables.drain(0, 1), tables.drain(1, 2)
    tables.add(mixed(5_000, 1))
    again = tables.drain(2, 3)
    assert (nothing.records, len(nothing.destinations), len(nothing.sources), len(nothing.ports)) == (0, 0, 0, 0)
    assert len(nothing.sample) == 0
    for table in ("destinations", "sources"):
        before, after = np.sort(getattr(first, table)), np.sort(getattr(again, table))
        assert before[["hi", "lo", "packets", "bytes", "syn"]].tolist() == (
            after[["hi", "lo", "packets", "bytes", "syn"]].tolist()
        )


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


def test_more_addresses_than_rows_are_counted_and_destinations_stay_exact() -> None:
    settings = TablesSettings(rows=64)
    records = packets(5_000, source_lo=np.arange(5_000), destination_lo=np.arange(5_000) % 8)
    second = drained(records, settings=settings)
    assert (len(second.sources), second.unlisted) == (64, {"sources": 5_000 - 64})
    assert second.destinations["packets"].tolist() == [625] * 8
    assert second.packets == 5_000


def test_a_flood_of_sources_does_not_crowd_out_who_was_busy_before() -> None:
    settings = TablesSettings(rows=64, kept=4)
    tables = Tables(settings, seed=7)
    server = halves("192.0.2.80")[1] - MAPPED
    tables.add(packets(100, source_lo=server, tcp_flags=0x12))
    tables.drain(0, 1)
    tables.add(packets(5_000, source_lo=np.arange(5_000) + 1))
    tables.add(packets(30, source_lo=server, tcp_flags=0x12))
    sources = tables.drain(1, 2).sources
    assert sources["syn_ack"][sources["lo"] == MAPPED + server].tolist() == [30]
    assert len(tables.drain(2, 3).sources) == 0


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


def test_windows_of_several_processes_merge_to_the_window_of_one() -> None:
    records = mixed(9_000, 5)
    whole = drained(records)
    merged = merge([drained(records[part::3]) for part in range(3)])
    for table in ("destinations", "sources"):
        one = getattr(whole, table)
        one, many = one[np.lexsort((one["lo"], one["hi"]))], getattr(merged, table)
        for name in one.dtype.names or ():
            if name not in ("port", "port_votes", "reflected_port", "reflected_votes", "handshakes"):
                assert np.array_equal(one[name], many[name]), name
    assert merged.ports.tolist() == sorted(whole.ports.tolist())
    assert (merged.records, merged.packets, merged.bytes) == (whole.records, whole.packets, whole.bytes)
    assert SAMPLE - 3 <= len(merged.sample) <= SAMPLE


def test_merging_weighs_votes_and_samples() -> None:
    busy = drained(packets(9_000, destination_port=443))
    idle = drained(packets(1_000, destination_port=80))
    merged = merge([idle, busy])
    assert merged.destinations["port"].tolist() == [443]
    assert merged.destinations["port_votes"].tolist() == [8_000]
    assert np.count_nonzero(merged.sample["destination_port"] == 80) == pytest.approx(SAMPLE / 10, abs=1)
    with pytest.raises(ValueError, match="no windows"):
        merge([])


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
