"""What receiving flow exports costs: CPU a datagram beside other ways to read a socket, and whole collectors live.

Run `python -m bench.flow_receive` (add `--quick` to leave the live collectors out). The first table is this process's
CPU time, system calls included, over datagrams that wait in the socket already; medians of five. The second sends the
same datagrams at one rate to this collector (decoded, records thrown away), to nfcapd and to sfcapd (which write their
files), each a process of its own: its CPU from /proc, and what it lost. Differences under 1.5x are ties.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.endpoint import Endpoint
from collectors.traffic.flows.exporters import Exporters, Network
from collectors.traffic.flows.receive import Receiver, UdpSocket
from collectors.traffic.flows.settings import FlowListenSettings
from collectors.traffic.flows.sflow.sflow import SFlow
from tests.support.exporters import flowset, ipfix, number, template, v9, wait_bound
from tests.support.packets import ethernet, ipv4, tcp
from tests.support.processes import cpu_s, free_port, memory_mb
from tests.support.sflow import batch, datagram, flow_sample, raw_header

RECORDS = 24  # of a datagram of 1,464 octets, as routers send them
SAMPLES = 7  # of an sFlow datagram of 1,400
WAITING = 4_000  # datagrams in the socket at the start of a run
BUFFER = 256 << 20
ALL = (ip_network("0.0.0.0/0"),)
FIELDS: tuple[tuple[int, int], ...] = (
    (8, 4),
    (12, 4),
    (7, 2),
    (11, 2),
    (4, 1),
    (6, 1),
    (5, 1),
    (61, 1),
    (10, 4),
    (14, 4),
    (1, 4),
    (2, 4),
)
FIELDS += ((22, 4), (21, 4), (16, 4), (17, 4), (15, 4), (9, 1), (13, 1), (60, 1), (136, 1))


def netflow(count: int, version: int = 9) -> list[bytes]:
    """Return a template and `count` datagrams of 24 records of 56 octets."""
    size = sum(length for _, length in FIELDS)
    rows = b"".join(number(0x0A000000 + row, 4) + os.urandom(size - 4) for row in range(RECORDS))
    make = ipfix if version == 10 else v9
    templates = flowset(2 if version == 10 else 0, template(256, *FIELDS))
    step = RECORDS if version == 10 else 1
    return [make(templates, sequence=0), *(make(flowset(256, rows), sequence=step * turn) for turn in range(count))]


def samples(count: int) -> list[bytes]:
    """Return `count` sFlow datagrams of 7 samples with headers of 128 octets."""
    frames = [
        ethernet(ipv4(tcp(b"x" * 100, source_port=1_024 + row), source=f"10.0.0.{row}")) for row in range(SAMPLES)
    ]
    return [
        datagram(
            *[
                flow_sample(raw_header(frame[:128], length=1_000), rate=512, sequence=SAMPLES * turn + row)
                for row, frame in enumerate(frames)
            ],
            sequence=turn,
        )
        for turn in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the live collectors")
    parser.add_argument("--rate", type=int, default=20_000, help="datagrams a second to the live collectors")
    parser.add_argument("--seconds", type=int, default=10, help="how long each of them is sent to")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    print(f"{'reading a socket':<58}{'ns/datagram':>12}")
    for name, run in ways():
        print(f"{name:<58}{run:12.0f}")
    print(f"\n{'decoding sFlow':<58}{'ns/sample':>12}")
    print(f"{'7 samples a datagram, headers of 128 octets':<58}{decoding():12.0f}")
    if not options.quick:
        print(f"\n{'live, ' + format(options.rate, ',') + ' datagrams/s':<30}", end="")
        print(f"{'records':>12}{'ns/record':>12}{'lost':>10}{'MB':>8}")
        live(options.rate, options.seconds)


def ways() -> Iterator[tuple[str, float]]:
    """Give what each way to read costs."""
    data = netflow(WAITING)[1:]
    yield "Receiver: recvmmsg, who sent it, what it is", over(data, receiver(ALL))
    yield "the same, an unknown exporter's: refused", over(data, receiver(()))
    yield "recv_into one buffer, nothing else", over(data, recv_into)
    yield "recvfrom: an object for each datagram and address", over(data, recvfrom)
    yield "asyncio's DatagramProtocol", over(data, asyncio_protocol)


Drain = Callable[[], int]


def over(data: list[bytes], prepare: Callable[[socket.socket], Drain]) -> float:
    """Return the median CPU nanoseconds for a datagram of five runs over a filled socket."""
    costs = []
    for _ in range(5):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for each in data:
                    sender.sendto(each, sock.getsockname())
            drain = prepare(sock)
            begun = time.process_time_ns()
            count = drain()
            costs.append((time.process_time_ns() - begun) / max(count, 1))
            if count < len(data):
                print(f"only {count} of {len(data)} fitted into the socket: run as root", file=sys.stderr)
    return statistics.median(costs)


def receiver(allow: tuple[Network, ...]) -> Callable[[socket.socket], Drain]:
    """Return a reader as the collector has it, with 4,000 exporters known besides."""
    names = {(0, 0xFFFF_0B00_0000 + row): f"device-{row}" for row in range(4_000)}

    def prepare(sock: socket.socket) -> Drain:
        ours = Receiver([Endpoint("udp", "127.0.0.1", 0)], Exporters(names, allow, 5_000))
        ours.sockets.append(UdpSocket(Endpoint("udp", "127.0.0.1", 0), sock, BUFFER))

        def drain() -> int:
            while ours.receive().full:
                pass
            return ours.counts["received"]

        return drain

    return prepare


def recv_into(sock: socket.socket) -> Drain:
    buffer = bytearray(65_536)
    return lambda: _until_empty(lambda: sock.recv_into(buffer))


def recvfrom(sock: socket.socket) -> Drain:
    return lambda: _until_empty(lambda: sock.recvfrom(9_216))


def _until_empty(read: Callable[[], object]) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            read()
            count += 1
    return count


class Counting(asyncio.DatagramProtocol):
    """Counts what it is given."""

    def __init__(self) -> None:
        self.count = 0

    def datagram_received(self, _data: bytes, _address: object) -> None:
        """Count one."""
        self.count += 1


def asyncio_protocol(sock: socket.socket) -> Drain:
    async def run() -> int:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(Counting, sock=sock.dup())
        while protocol.count < WAITING:  # noqa: ASYNC110 - an event would be one more thing to pay for
            await asyncio.sleep(0)
        transport.close()
        return protocol.count

    return lambda: asyncio.run(run())


def decoding() -> float:
    """Return CPU nanoseconds for a sample, decoded from memory."""
    sflow = SFlow()
    batches = [batch(samples(512)) for _ in range(2)]
    costs = []
    for turn in range(40):
        begun = time.process_time_ns()
        count = len(sflow.decode(batches[turn % 2]))
        if turn >= 10:  # the first warm the caches
            costs.append((time.process_time_ns() - begun) / max(count, 1))
    return statistics.median(costs)


def live(rate: int, seconds: int) -> None:
    """Send to one collector after the other and print what each took."""
    count = rate * seconds
    v9_data, ipfix_data, sflow_data = netflow(count), netflow(count, 10), samples(count)
    for kind, data, each in (("v9", v9_data, RECORDS), ("IPFIX", ipfix_data, RECORDS), ("sFlow", sflow_data, SAMPLES)):
        theirs = "sfcapd" if kind == "sFlow" else "nfcapd"
        for name, collector in ((f"netmon, {kind}", ours), (f"{theirs}, {kind}", lambda: capd(theirs))):  # noqa: B023 - called at once
            if name.startswith(theirs) and shutil.which(theirs) is None:
                print(f"{name:<30} is not installed")
                continue
            with collector() as peer:
                before = cpu_s(peer.pid)
                send(data, peer.port, rate)
                time.sleep(1.5)
                used, memory = cpu_s(peer.pid) - before, memory_mb(peer.pid)
            got, wanted = peer.records(), (len(data) - (kind != "sFlow")) * each
            print(f"{name:<30}{got:12,}{used / max(got, 1) * 1e9:12.0f}{wanted - got:10,}{memory:8.0f}", flush=True)


class Peer:
    """A collector that runs, and after its end the records that it had."""

    def __init__(self, pid: int, port: int, records: Callable[[], int]) -> None:
        self.pid, self.port, self.records = pid, port, records


def send(data: list[bytes], port: int, rate: int) -> None:
    """Send datagrams evenly, in bursts of 2 ms."""
    burst = max(1, rate // 500)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        begun = time.monotonic()
        for start in range(0, len(data), burst):
            for each in data[start : start + burst]:
                sock.send(each)
            ahead = begun + start / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)


@contextlib.contextmanager
def ours() -> Iterator[Peer]:
    command = [sys.executable, "-m", "bench.flow_receive", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - as it was asked for
        yield Peer(process.pid, int(process.stdout.readline()), lambda: result)
        process.terminate()
        result = int(process.stdout.readline())


def serve() -> None:
    """Be the collector that is measured: decode until told to end, then say how many records there were."""
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    source = FlowSource(FlowListenSettings(listen=("udp://127.0.0.1:0",), allow=ALL, receive_buffer_bytes=64 << 20))
    source.open()
    print(source.endpoints[0].port, flush=True)
    records = 0
    while running:
        traffic = source.next(0.2)
        records += 0 if traffic is None else len(traffic)
    print(records, flush=True)
    source.close()


@contextlib.contextmanager
def capd(program: str) -> Iterator[Peer]:
    port = free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        (folder / "flows").mkdir()
        command = [program, "-w", str(folder / "flows"), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"]
        command += ["-B", str(64 << 20)]
        with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
            wait_bound(process, port, log)
            yield Peer(process.pid, port, lambda: result)
            process.terminate()
            process.wait(20)
        report = subprocess.run(
            ["nfdump", "-R", str(folder / "flows"), "-I"], check=True, capture_output=True, text=True
        ).stdout
        result = int(next(line for line in report.splitlines() if line.startswith("Flows:")).split()[1])


if __name__ == "__main__":
    main()
