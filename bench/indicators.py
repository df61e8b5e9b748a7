"""What lists of indicators cost: loading a million entries, and asking them on the way of packets.

Run `python -m bench.indicators`. Each second brings packets of so many new connections, 20 packets each, a DNS
question for one in ten, and one connection in a thousand with a listed address. The way without lists is the tables
and the flow table, drained each second; with lists, the rule sees each window besides. CPU time, best of five rounds.
"""

import random
import resource
import time
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Final

import numpy as np

from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.networks import Networks, Place
from netmon.api.traffic import DNS, MAPPED, RECORD, Second
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.rule import ListedPeers
from rules.traffic.indicators.settings import IndicatorList, IndicatorSettings
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables

ADDRESSES, PREFIXES, DOMAINS = 800_000, 100_000, 100_000
EACH: Final = 20  # packets of a connection
SECONDS: Final = 5
NS: Final = 1_000_000_000
OURS = Networks([Place(ip_network("10.0.0.0/8"), "dc")])
FEED = IndicatorList(name="feed", file="feed.txt")


def feed() -> bytes:
    chance = random.Random(1)
    lines = [str(IPv4Address(0xC0000000 | chance.getrandbits(29))) for _ in range(ADDRESSES)]
    lines += [str(IPv4Network((0x80000000 | chance.getrandbits(29) & ~0xFF, 24))) for _ in range(PREFIXES)]
    lines += [f"host{chance.getrandbits(40):x}.example{number % 977}.net" for number in range(DOMAINS)]
    chance.shuffle(lines)
    return "\n".join(
        f"{line}  # seen by a sensor" if number % 3 == 0 else line for number, line in enumerate(lines)
    ).encode()


def packets(connections: int, second: int) -> np.ndarray:
    draw = np.random.default_rng(second)
    begun = np.zeros(connections, RECORD)
    begun["source_lo"] = MAPPED + 0x0A000000 + draw.integers(0, 5_000, connections).astype(np.uint64)
    begun["destination_lo"] = MAPPED + draw.integers(0x20000000, 0x7F000000, connections).astype(np.uint64)
    near = begun["destination_lo"][::50]  # among the listed prefixes, of which one /24 in twenty is there
    near[:] = MAPPED + draw.integers(0x80000000, 0x9FFFFFFF, len(near)).astype(np.uint64)
    begun["source_port"] = draw.integers(1_024, 65_536, connections)
    begun["destination_port"], begun["protocol"], begun["version"], begun["ethertype"] = 443, 6, 4, 0x0800
    begun["bytes"], begun["packets"], begun["sampling"], begun["tcp_flags"] = 800, 1, 1, 0x18
    rows = np.concatenate([begun] * EACH)
    draw.shuffle(rows)
    rows["start_ns"] = rows["end_ns"] = second * NS + np.arange(len(rows), dtype=np.uint64) * (NS // len(rows))
    return rows


def questions(count: int, second: int) -> np.ndarray:
    rows = np.zeros(count, DNS)
    names = [f"www{number * second % 9_999}.cdn.example{number % 977}.org" for number in range(count)]
    rows["name"], rows["name_length"] = names, [len(name) for name in names]
    rows["client_lo"] = MAPPED + 0x0A000000
    return rows


def way(seconds: list[np.ndarray]) -> tuple[float, list[Second]]:
    """Return the CPU seconds of the way without lists, and its windows."""
    tables, flows = Tables(TablesSettings(), seed=1), FlowTable(FlowTableSettings())
    spent, made = 0.0, []
    for number, rows in enumerate(seconds, start=1):
        began = time.process_time()
        for at in range(0, len(rows), 4_096):
            tables.add(rows[at : at + 4_096])
            flows.add(rows[at : at + 4_096], None)
        second = tables.drain(number, number + 1, live=True)
        begun, ended = flows.drain((number + 1) * NS)
        spent += time.process_time() - began
        made.append((second, begun.copy(), ended.copy()))
    return spent, [
        Second(each.start, each.end, begun=begun, ended=ended, dns=questions(len(begun) // 10, round(each.end)))
        for each, begun, ended in made
    ]


def main() -> None:
    raw = feed()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Indicators(FEED, b"192.0.2.1\nexample.org", 10)  # compiled
    began = time.process_time()
    indicators = Indicators(FEED, raw, 4_000_000)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    took = time.process_time() - began
    print(f"{indicators.count:,} entries of {len(raw) / 1e6:.0f} MB: read in {took:.1f} s, {grown:.0f} MB more at most")
    way([packets(1_000, 1)])
    for connections in (2_500, 10_000, 25_000):
        seconds = [packets(connections, number) for number in range(1, SECONDS + 1)]
        plain, asked, hits = [], [], 0
        for _ in range(5):
            spent, windows = way(seconds)
            judge = ListedPeers(IndicatorSettings(lists=(FEED,)), OURS)
            judge.adopt([indicators])
            started = time.process_time()
            hits = sum(len(list(judge.observe(window))) for window in windows)
            plain.append(spent)
            asked.append(time.process_time() - started)
        path, rule = min(plain) / SECONDS * 1e3, min(asked) / SECONDS * 1e3
        print(
            f"{connections:>7,} connections, {connections * EACH:>9,} packets/s: way {path:6.1f} ms each second, "
            f"lists {rule:5.2f} ms: {rule / path:.1%} more; {hits} findings"
        )


if __name__ == "__main__":
    main()
