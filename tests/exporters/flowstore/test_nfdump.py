"""The shared part of the filter language chooses the same flows as nfdump does, of the same records."""

import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from exporters.flowstore.files import Span, look
from exporters.flowstore.query import Ranked, top
from exporters.flowstore.terms import expression
from exporters.flowstore.words import Words
from netmon.api.traffic import MAPPED, RECORD
from tests.support.kept_flows import HOUR, store
from tests.support.waiting import eventually_sync

FILTERS = (
    "any",
    "src ip 10.1.2.3",
    "ip 10.1.2.3 and not dst port 53",
    "host 192.0.2.4 or host 192.0.2.5",
    "dst net 192.0.2.0/29",
    "net 10.1.2.0/30",
    "not src net 10.0.0.0/8",
    "ip in [10.1.2.3 10.1.2.4]",
    "port 53",
    "src port 443",
    "dst port > 1024",
    "src port <= 443",
    "port in [53 22]",
    "proto udp",
    "proto 6 and port 443",
    "proto icmp or proto tcp and dst port 22",
    "not (proto tcp or proto udp)",
    "! proto tcp && port 53",
    "flags S",
    "flags SA",
    "flags S and not flags A",
    "proto tcp and not flags F",
    "bytes > 1k",
    "bytes < 1m and bytes > 100k",
    "packets = 7",
    "packets > 500",
    "duration > 5000",
    "duration < 10",
    "bps > 1m",
    "bps < 1000",
    "pps > 10",
    "bpp > 700",
    "bpp < 100",
    "in if 3",
    "out if 2",
    "tos 184",
    "inet",
    "inet6",
    "(src ip 10.1.2.3 or dst ip 192.0.2.7) and (proto tcp or bytes > 10k) and not in if 1",
)


def made(count: int) -> NDArray[np.void]:
    """Return IPv4 flows with all that NetFlow version 5 tells; each has a number of bytes of its own."""
    rng = np.random.default_rng(5)
    records = np.zeros(count, RECORD)
    records["source_lo"] = MAPPED | (0x0A010200 + rng.integers(1, 9, count).astype(np.uint64))
    records["destination_lo"] = MAPPED | (0xC0000200 + rng.integers(1, 12, count).astype(np.uint64))
    swap = rng.random(count) < 0.4
    source = records["source_lo"].copy()
    records["source_lo"][swap], records["destination_lo"][swap] = records["destination_lo"][swap], source[swap]
    records["protocol"] = rng.choice([1, 6, 17, 47], count)
    ports = np.isin(records["protocol"], (6, 17))
    records["source_port"] = rng.choice([53, 443, 1_024, 40_000], count) * ports
    records["destination_port"] = rng.choice([22, 53, 443, 1_025, 60_000], count) * ports
    records["tcp_flags"] = rng.integers(0, 32, count) * (records["protocol"] == 6)
    records["bytes"] = rng.permutation(
        np.geomspace(40, 2e7, count).astype(np.uint64) + np.arange(count, dtype=np.uint64)
    )
    records["packets"] = np.maximum(1, records["bytes"] // rng.integers(40, 1_500, count).astype(np.uint64))
    records["packets"][:20] = 7
    lasted = (rng.exponential(4_000, count)).astype(np.uint64)
    lasted[:10] = 0
    records["end_ns"] = np.uint64(HOUR * 10**9) + rng.integers(70_000, 100_000, count).astype(np.uint64) * np.uint64(
        10**6
    )
    records["start_ns"] = records["end_ns"] - lasted * np.uint64(10**6)
    records["in_interface"], records["out_interface"] = rng.integers(0, 4, count), rng.integers(0, 4, count)
    records["tos"] = rng.choice([0, 184], count)
    records["version"], records["sampling"] = 4, 1
    return records


def version5(records: NDArray[np.void]) -> Iterator[bytes]:
    """Give datagrams of NetFlow version 5 with 30 records each; the exporter came up with the hour."""
    for at in range(0, len(records), 30):
        rows = records[at : at + 30]
        header = struct.pack("!HHIIIIBBH", 5, len(rows), 200_000, HOUR + 200, 0, at, 0, 0, 0)
        yield header + b"".join(_row(each) for each in rows)


def _row(each: np.void) -> bytes:
    up = [(int(each[name]) - HOUR * 10**9) // 10**6 for name in ("start_ns", "end_ns")]
    addresses = [int(each[name]) & 0xFFFF_FFFF for name in ("source_lo", "destination_lo")]
    numbers = [int(each[name]) for name in ("in_interface", "out_interface", "packets", "bytes")]
    ends = [int(each[name]) for name in ("source_port", "destination_port")]
    rest = [int(each[name]) for name in ("tcp_flags", "protocol", "tos", "source_as", "destination_as")]
    return struct.pack("!IIIHHIIIIHHxBBBHHBBxx", *addresses, 0, *numbers, *up, *ends, *rest, 0, 0)


@contextmanager
def nfcapd(directory: Path, port: int) -> Iterator[None]:
    command = ["nfcapd", "-w", str(directory), "-p", str(port), "-b", "127.0.0.1", "-S", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def listens(port: int) -> bool:
    return f"0100007F:{port:04X}" in Path("/proc/net/udp").read_text()


def taken(port: int) -> bool:
    """Tell whether the listener has read all that was sent to it."""
    lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()]
    return [line[4] for line in lines if line[1] == f"0100007F:{port:04X}"] == ["00000000:00000000"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a store and a directory of nfdump's files, of the same records."""
    for program in ("nfcapd", "nfdump"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    records = made(600)
    ours, theirs = tmp_path_factory.mktemp("flows"), tmp_path_factory.mktemp("nfdump")
    book = store(ours, now=HOUR + 120)
    book.put(records)
    book.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with nfcapd(theirs, port), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        eventually_sync(lambda: listens(port))
        for datagram in version5(records):
            sender.sendto(datagram, ("127.0.0.1", port))
        eventually_sync(lambda: taken(port))
    return ours, theirs


@pytest.mark.parametrize("text", FILTERS)
def test_the_same_flows(both: tuple[Path, Path], text: str) -> None:
    ours, theirs = both
    where = expression(text)
    assert where is not None
    found = look(ours, Span(0, 4e9), lambda scan: scan.table.filter(where.there).select("bytes").collect())
    command = ["nfdump", "-R", str(theirs), "-q", "-N", "-o", "fmt:%byt", text]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    expected = sorted(int(line) for line in said.stdout.split() if line.isdecimal())
    assert sorted(found["bytes"].to_list()) == expected
    assert bool(expected) == (text != "inet6")


def test_an_interface_has_what_came_in_and_what_went_out(both: tuple[Path, Path]) -> None:
    ours, theirs = both
    command = ["nfdump", "-R", str(theirs), "-q", "-N", "-A", "inif,outif", "-o", "fmt:%in,%out,%byt,%fl"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    expected: dict[str, list[int]] = {}
    for line in said.stdout.splitlines():
        *ends, octets, several = (int(cell) for cell in line.split(","))
        for end in set(ends):  # what leaves where it came from counts once
            sums = expected.setdefault(f"{end}", [0, 0])
            sums[:] = sums[0] + octets, sums[1] + several
    answer = look(ours, Span(0, 4e9), lambda scan: top(scan, "interface", None, Ranked(), Words()))
    assert {row.key: [row.bytes, row.flows] for row in answer.rows} == expected
    assert len(expected) == 4
