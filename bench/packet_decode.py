"""What a packet costs to decode: a capture of mixed traffic through netmon, tshark, tcpdump, dpkt and scapy.

`.venv/bin/python -m bench.packet_decode [--megabytes 1024] [--folder DIR]`. Each reader is a process of
its own over a file in the page cache. CPU is user and system time: for those in Python from the opening of the file to
its end, without the imports; for programs all of it, less what they spend on a file of one packet. Memory is the
process's largest (VmHWM). dpkt is measured where it can be imported.
"""

import argparse
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.decode import allocate
from collectors.traffic.packet.decode_kernel import decode
from tests.support.packet_stacks import ALL_TUNNELS
from tests.support.packets import ACK, PSH, SYN, Segment, arp, ethernet, icmp, ipv4, ipv6, tcp, udp

_FRAMES: Final = 40_000  # different ones; a capture repeats them, too many for a branch predictor to know by heart

OURS: Final = """
import sys, time
from collectors.traffic.capture.files import open_capture
began = time.process_time()
count = 0
with open_capture(sys.argv[2], tunnels=int(sys.argv[1])) as capture:
    for batch in capture.batches():
        count += len(batch)
print(time.process_time() - began)
"""
DPKT: Final = """
import sys, time, dpkt
began = time.process_time()
with open(sys.argv[1], "rb") as opened:
    for at, octets in dpkt.pcap.Reader(opened):
        frame = dpkt.ethernet.Ethernet(octets)
print(time.process_time() - began)
"""
SCAPY: Final = """
import sys, time
from scapy.layers.all import Ether
from scapy.utils import RawPcapReader
began = time.process_time()
for octets, _ in RawPcapReader(sys.argv[1]):
    frame = Ether(octets)
print(time.process_time() - began)
"""
FIELDS: Final = "ip.src ip.dst ipv6.src ipv6.dst ip.proto tcp.srcport tcp.dstport tcp.flags udp.srcport udp.dstport"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: seconds of CPU and of the clock, and how much memory at most."""

    cpu_s: float
    wall_s: float
    memory_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--folder", type=Path, help="where the captures are written for a while")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        frames = traffic(_FRAMES)
        print(f"{_FRAMES:,} different frames of {sum(map(len, frames)) / len(frames):.0f} octets on average")
        alone(frames)
        readers(folder, frames, options.megabytes)


def traffic(count: int) -> list[bytes]:
    """Make frames of an office's link: web over TCP and QUIC, DNS, both versions, tags, a little of the rest."""
    source = random.Random(1)
    clients = [f"10.{source.randrange(4)}.{source.randrange(256)}.{source.randrange(1, 255)}" for _ in range(2000)]
    servers = [f"203.{source.randrange(256)}.{source.randrange(256)}.{source.randrange(1, 255)}" for _ in range(500)]
    out = []
    for _ in range(count):
        ends = [source.choice(clients), source.choice(servers)]
        ports = [source.randrange(32768, 61000), 443 if source.randrange(5) else 80]
        if source.randrange(2):
            ends.reverse()
            ports.reverse()
        sixth = source.randrange(4) == 0
        body = segment(source, ports)
        if sixth:
            version = [f"2001:db8::{one.replace('.', ':')}" for one in ends]
            packet = ipv6(body, source=version[0], destination=version[1])
        else:
            packet = ipv4(body, source=ends[0], destination=ends[1], tos=source.choice([0, 0, 0xB8]))
        vlans = [source.choice([10, 20, 30])] if source.randrange(3) == 0 else []
        out.append(ethernet(arp(), pad=True) if source.randrange(200) == 0 else ethernet(packet, vlans=vlans, pad=True))
    return out


def segment(source: random.Random, ports: Sequence[int]) -> Segment:  # noqa: PLR0911  # a table of kinds
    """One of what such a link carries, by its share of the packets."""
    times = b"\x01\x01\x08\x0a" + source.randbytes(8)
    share = source.random()
    both: dict[str, Any] = {"source_port": ports[0], "destination_port": ports[1]}
    if share < 0.34:
        return tcp(source.randbytes(1428), **both, flags=ACK, options=times)
    if share < 0.62:
        return tcp(**both, flags=ACK, options=times)
    if share < 0.72:
        return tcp(source.randbytes(source.randrange(40, 900)), **both, flags=ACK | PSH, options=times)
    if share < 0.75:
        return tcp(**both, flags=SYN, options=b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + bytes(8) + b"\x01\x03\x03\x07")
    if share < 0.9:
        return udp(source.randbytes(source.choice([1250, 1250, 60])), **both)
    if share < 0.98:
        return dns(source, ports[0])
    return icmp(source.randbytes(56))


def dns(source: random.Random, client: int) -> Segment:
    """Ask for one of 500 names, or answer with one to ten addresses (RFC 1035, 4.1)."""
    labels = b"www", b"site%d" % source.randrange(500), b"example"
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0\0\1\0\1"
    number = source.randrange(1 << 16)
    if source.randrange(2):
        head = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0)
        return udp(head + question, source_port=client, destination_port=53)
    answers = source.randrange(1, 11)
    head = struct.pack("!6H", number, 0x8180, 1, answers, 0, 0)
    addresses = b"".join(b"\xc0\x0c" + struct.pack("!2HIH", 1, 1, 300, 4) + source.randbytes(4) for _ in range(answers))
    return udp(head + question + addresses, source_port=53, destination_port=client)


def alone(frames: Sequence[bytes]) -> None:
    """Measure the decoder without a reader: over few frames that stay near, and over more than any cache holds."""
    print(f"\n{'decoder alone, ns a packet':<44}{'plain':>8}{'tunnels looked into':>22}")
    for name, chosen, copies in (("256 frames, again and again", frames[:256], 1), ("from memory", frames, 12)):
        octets = np.frombuffer(b"".join(chosen) * copies, np.uint8)
        lengths = np.array([len(one) for one in chosen] * copies, np.uint64)
        costs = [min(over(octets, lengths, tunnels) for _ in range(7)) for tunnels in (0, ALL_TUNNELS)]
        print(f"{name:<44}{costs[0]:8.1f}{costs[1]:22.1f}")


def over(octets: NDArray[np.uint8], lengths: NDArray[np.uint64], tunnels: int) -> float:
    """Return ns of CPU a packet for one pass; setting up the index is not counted."""
    index, records = allocate(4096)
    starts = np.cumsum(lengths) - lengths
    spent, done = 0, 0
    for start in range(0, len(starts), len(index)):
        count = min(len(index), len(starts) - start)
        index["at"][:count] = starts[start : start + count]
        index["captured"][:count] = index["wire"][:count] = lengths[start : start + count]
        turns = 50 if len(starts) < len(index) else 1
        began = time.thread_time_ns()
        for _ in range(turns):
            decode(octets, index, records, count, 1, tunnels)
        spent += time.thread_time_ns() - began
        done += count * turns
    return spent / done


def readers(folder: Path, frames: Sequence[bytes], megabytes: int) -> None:
    """Hold the whole way from a file against others', and show how ours grows."""
    mean = sum(map(len, frames)) / len(frames) + 16
    print(f"\n{'reader':<44}{'packets':>12}{'CPU ns each':>13}{'wall s':>9}{'MB':>7}{'CPU, of ours':>14}")
    ours = 0.0
    for name, command, share in contestants():
        for size in (megabytes // 16, megabytes // 4, megabytes) if share == 1 and "netmon" in name else (megabytes,):
            count = max(int(size * 1_000_000 / mean * share), 1000)
            path, none = write(folder, frames, count), write(folder, frames, 1)
            path.read_bytes()  # into the page cache
            runs = [measured([*command, str(path)]) for _ in range(3 if share == 1 else 1)]
            best = min(runs, key=lambda one: one.cpu_s)
            inside = command[0] == sys.executable
            idle = 0.0 if inside else min(measured([*command, str(none)]).cpu_s for _ in range(3))
            each = (best.cpu_s - idle) / count * 1e9
            ours = ours if "netmon" not in name or "tunnels" in name else each
            times = "" if name.startswith("netmon, file") else f"{each / ours:13.1f}x"
            print(f"{name:<44}{count:12,}{each:13.0f}{best.wall_s:9.2f}{best.memory_mb:7.0f}{times}")


def contestants() -> Iterator[tuple[str, list[str], float]]:
    """Who is measured, how it is called (the file comes last), and over which share of the capture."""
    python = sys.executable
    yield "netmon, file to records", [python, "-c", OURS, "0"], 1
    yield "netmon, with tunnels looked into", [python, "-c", OURS, str(ALL_TUNNELS)], 1
    if shutil.which("tcpdump"):
        yield "tcpdump -w /dev/null (reads, decodes nothing)", ["tcpdump", "-w", "/dev/null", "-r"], 1
    if shutil.which("tshark"):
        fields = [part for name in FIELDS.split() for part in ("-e", name)]
        yield "tshark -T fields", ["tshark", "-n", "-T", "fields", *fields, "-r"], 0.05
    if subprocess.run([python, "-c", "import dpkt"], capture_output=True, check=False).returncode == 0:
        yield "dpkt", [python, "-c", DPKT], 0.05
    yield "scapy", [python, "-c", SCAPY], 0.005


def write(folder: Path, frames: Sequence[bytes], count: int) -> Path:
    """Write a capture of so many packets, 10 µs apart."""
    path = folder / "capture.pcap" if count > 1 else folder / "one.pcap"
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for start in range(0, count, len(frames)):
            parts = []
            for row, frame in enumerate(frames[: count - start]):
                at = 1_767_225_600_000_000_000 + (start + row) * 10_000
                head = struct.pack("<IIII", at // 1_000_000_000, at % 1_000_000_000, len(frame), len(frame))
                parts += [head, frame]
            out.write(b"".join(parts))
    return path


def measured(command: Sequence[str]) -> Cost:
    """Run a process to its end and return what it took. One in Python prints its CPU itself."""
    began, memory = time.monotonic(), 0
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.DEVNULL)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        while not ended:
            memory = max(memory, largest(process.pid))
            time.sleep(0.005)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - began
        said.seek(0)
        first = said.read(64).split(b"\n")[0]
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    own = command[0] == sys.executable
    return Cost(float(first) if own else usage.ru_utime + usage.ru_stime, wall_s, memory / 1024)


def largest(pid: int) -> int:
    """Return the most memory that a process had so far, in kB; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
