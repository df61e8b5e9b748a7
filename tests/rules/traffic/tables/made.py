"""Records for the tables, and what they come to."""

import numpy as np

from netmon.api.traffic import MAPPED, RECORD, Second
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables

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
