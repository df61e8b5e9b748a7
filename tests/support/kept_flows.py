"""Flow records made for tests, and a store to keep them in."""

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.columns import PIECE_RECORDS, Callers, Cut, Piece
from exporters.flowstore.disk import Disk
from exporters.flowstore.pages import Encoder
from exporters.flowstore.parquet import packed, quick
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.sites import Sites
from exporters.flowstore.writer import FlowStore
from netmon.api.networks import Networks, Place
from netmon.api.traffic import RECORD, halves

HOUR: Final = 1_763_794_800  # 2025-11-22 07:00 UTC
NETWORKS: Final = Networks(
    [
        Place(ip_network("10.1.0.0/16"), "kantor bupati"),
        Place(ip_network("10.1.9.0/24"), "rsud"),
        Place(ip_network("2001:db8:9::/48"), "rsud"),
        Place(ip_network("198.51.100.0/24")),
    ]
)
EXPORTERS: Final = ("", "sw-1", "sw-2")


def record(**fields: Any) -> NDArray[np.void]:
    """Return one flow; `source` and `destination` are addresses, `end` and `start` Unix seconds."""
    made = np.zeros(1, RECORD)
    given: dict[str, Any] = {"source": "10.1.2.3", "destination": "192.0.2.1", "end": HOUR + 10}
    given |= {"packets": 1, "bytes": 100} | fields
    end = given.pop("end")
    start = given.pop("start", end)
    made["start_ns"], made["end_ns"] = int(start * 1000) * 10**6, int(end * 1000) * 10**6
    for name in ("source", "destination"):
        address = given.pop(name)
        made[f"{name}_hi"], made[f"{name}_lo"] = halves(address)
        made["version"] = 6 if ":" in address else 4
    for name, value in ({"protocol": 6, "sampling": 1} | given).items():
        made[name] = value
    return made


def many(count: int, seed: int = 1, begin: float = HOUR, length_s: float = 3_600) -> NDArray[np.void]:
    """Return flows of both IP versions with most fields set, in the order in which they ended."""
    rng = np.random.default_rng(seed)
    made = np.zeros(count, RECORD)
    hosts = [halves(f"10.1.{9 if number % 3 else 2}.{number}") for number in range(1, 40)]
    hosts += [halves(f"192.0.2.{number}") for number in range(40)]
    hosts[3:3] = [halves(f"2001:db8:9::{number:x}") for number in range(1, 9)]
    table = np.array(hosts, np.uint64)
    picked = rng.zipf(1.3, (2, count)) % len(table)
    for row, name in enumerate(("source", "destination")):
        made[f"{name}_hi"], made[f"{name}_lo"] = table[picked[row]].T
    made["version"] = np.where((made["source_hi"] != 0) | (made["destination_hi"] != 0), 6, 4)
    ends = np.sort(rng.integers(0, int(length_s * 1000), count)).astype(np.uint64) + np.uint64(int(begin * 1000))
    made["end_ns"] = ends * np.uint64(10**6)
    made["start_ns"] = made["end_ns"] - rng.integers(0, 60_000, count).astype(np.uint64) * np.uint64(10**6)
    made["protocol"] = rng.choice([1, 6, 17], count)
    ports = made["protocol"] != 1
    made["source_port"] = rng.choice([53, 443, 40_000, 50_000], count) * ports
    made["destination_port"] = rng.choice([53, 443, 22, 60_000], count) * ports
    made["packets"] = rng.integers(1, 1000, count)
    made["bytes"] = made["packets"] * rng.integers(40, 1500, count).astype(np.uint64)
    made["tcp_flags"] = rng.choice([2, 18, 27, 31], count) * (made["protocol"] == 6)
    made["in_interface"], made["out_interface"] = rng.integers(0, 4, count), rng.integers(0, 4, count)
    made["exporter"] = rng.integers(0, 3, count)
    made["vlan"], made["tos"] = rng.integers(0, 3, count), rng.choice([0, 184], count)
    made["sampling"] = 1
    return made


def store(directory: Path, disk: Disk | None = None, now: float = HOUR, **settings: Any) -> FlowStore:
    """Return an open store."""
    made = FlowStore(FlowStoreSettings(**settings), directory, NETWORKS, lambda: EXPORTERS, disk=disk)
    made.open(now)
    return made


def kept(directory: Path, records: NDArray[np.void], **settings: Any) -> Path:
    """Keep records minute by minute, as a collector would, and close."""
    book = store(directory, now=HOUR, **settings)
    minutes = records["end_ns"] // np.uint64(60 * 10**9)
    for minute in np.unique(minutes).tolist():
        book.tick(minute * 60)
        book.put(records[minutes == minute])
    book.tick(minute * 60 + 120)
    book.close()
    return directory


def held(records: NDArray[np.void], sizes: Sequence[int] = ()) -> list[Cut]:
    """Return records in columns, in pieces of these sizes and of what is left."""
    cuts, at = [], 0
    for size in (*sizes, len(records)):
        part = records[at : at + min(size, PIECE_RECORDS)]
        if len(part):
            piece = Piece()
            piece.put(part)
            cuts.append(Cut(piece, 0, len(part), piece.fields["present"].copy()))
            at += len(part)
    return cuts


def written(records: NDArray[np.void], sizes: Sequence[int] = (), *, good: bool) -> bytes:
    """Return a file of records (65,536 a piece at most): one that stays, or one of a minute."""
    cuts, callers, sites = held(records, sizes), Callers(), Sites(NETWORKS)
    if good:
        return b"".join(packed(callers.table(cuts, EXPORTERS, sites), Encoder(1)))
    callers.name(cuts, sites)
    return b"".join(quick(callers.table(cuts, EXPORTERS), Encoder(1)))
