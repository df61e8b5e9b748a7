"""Makers of NetFlow v5, v9 and IPFIX datagrams, and the real exporters that are started for comparison."""

import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from tests.support.processes import free_port, running

VARIABLE = 0xFFFF
NOW_S = 1_800_000_000  # the time of every datagram that does not tell another

Field = tuple[int, int] | tuple[int, int, int]  # element, octets[, enterprise]


def batch(*messages: bytes, exporter: int = 1, received_ns: int = NOW_S * 10**9) -> Datagrams:
    """Return messages as the receiver hands them on, all of one exporter."""
    return (
        mixed((exporter, message) for message in messages)
        if received_ns == NOW_S * 10**9
        else _batch([(exporter, message) for message in messages], received_ns)
    )


def mixed(messages: Iterator[tuple[int, bytes]] | Sequence[tuple[int, bytes]]) -> Datagrams:
    """Return messages of several exporters."""
    return _batch(list(messages), NOW_S * 10**9)


def _batch(messages: Sequence[tuple[int, bytes]], received_ns: int) -> Datagrams:
    index = np.zeros(len(messages), DATAGRAM)
    at = 0
    for row, (exporter, message) in zip(index, messages, strict=True):
        row["at"], row["length"], row["exporter"], row["received_ns"] = at, len(message), exporter, received_ns
        at += len(message)
    buffer = np.frombuffer(bytearray(b"".join(message for _, message in messages)), np.uint8)
    return Datagrams(buffer, index)


def number(value: int, octets: int) -> bytes:
    """Return an unsigned number in so many octets."""
    return value.to_bytes(octets, "big")


def v5(
    records: Sequence[bytes], *, sequence: int = 0, uptime_ms: int = 1_000_000, seconds: int = NOW_S, sampling: int = 0
) -> bytes:
    """Return a datagram of version 5; `sampling` as in its header: two bits of mode, 14 of the interval."""
    header = struct.pack(">HHIIIIBBH", 5, len(records), uptime_ms, seconds, 0, sequence, 1, 2, sampling)
    return header + b"".join(records)


def v5_record(
    *,
    source: str = "10.0.0.1",
    destination: str = "10.0.0.2",
    packets: int = 3,
    octets: int = 180,
    first_ms: int = 990_000,
    last_ms: int = 999_000,
    ports: tuple[int, int] = (1234, 80),
    flags: int = 0x1B,
    protocol: int = 6,
) -> bytes:
    """Return a record of version 5."""
    return struct.pack(
        ">4s4s4sHHIIIIHHBBBBHHBBH",
        socket.inet_aton(source),
        socket.inet_aton(destination),
        b"\0" * 4,
        3,
        4,
        packets,
        octets,
        first_ms,
        last_ms,
        *ports,
        0,
        flags,
        protocol,
        16,
        64_500,
        64_501,
        24,
        16,
        0,
    )


def v9(
    *sets: bytes, sequence: int = 0, domain: int = 7, uptime_ms: int = 1_000_000, seconds: int = NOW_S, count: int = 1
) -> bytes:
    """Return a datagram of version 9."""
    return struct.pack(">HHIIII", 9, count, uptime_ms, seconds, sequence, domain) + b"".join(sets)


def ipfix(*sets: bytes, sequence: int = 0, domain: int = 7, seconds: int = NOW_S) -> bytes:
    """Return an IPFIX message."""
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), seconds, sequence, domain) + body


def flowset(identifier: int, *content: bytes, padding: int = 0) -> bytes:
    """Return a set: templates, options templates, or data of the template of this number."""
    body = b"".join(content) + b"\0" * padding
    return struct.pack(">HH", identifier, 4 + len(body)) + body


def template(identifier: int, *fields: Field) -> bytes:
    """Return a template record; a field of three numbers has an enterprise (IPFIX)."""
    return struct.pack(">HH", identifier, len(fields)) + _specifiers(fields)


def options_v9(identifier: int, scope: Sequence[Field], *fields: Field) -> bytes:
    """Return an options template record of v9."""
    return struct.pack(">HHH", identifier, 4 * len(scope), 4 * len(fields)) + _specifiers([*scope, *fields])


def options_ipfix(identifier: int, scope: Sequence[Field], *fields: Field) -> bytes:
    """Return an options template record of IPFIX."""
    return struct.pack(">HHH", identifier, len(scope) + len(fields), len(scope)) + _specifiers([*scope, *fields])


def _specifiers(fields: Sequence[Field]) -> bytes:
    return b"".join(
        struct.pack(">HHI", field[0] | 0x8000, field[1], field[2]) if len(field) == 3 else struct.pack(">HH", *field)
        for field in fields
    )


def record(pcap: Path, log: Path, version: int, *options: str) -> list[bytes]:
    """Return the datagrams that softflowd exports of a capture, in this version (5, 9 or 10)."""
    with _socket() as collector:
        to = f"127.0.0.1:{collector.getsockname()[1]}"
        command = ["env", "-C", str(log.parent), "softflowd", "-r", str(pcap), "-n", to, "-v", str(version), "-d", "-N"]
        # Both in the folder it runs in: with long paths for both it does not end.
        return _recorded([*command, "-c", "control", "-p", "pid", *options], collector, log)


def replay(pcap: Path, folder: Path, version: int) -> list[bytes]:
    """Return the datagrams that nfreplay sends (version 5 or 9) of what nfpcapd made of a capture in this folder."""
    made = ["nfpcapd", "-r", str(pcap), "-l", str(folder), "-e", "300,10"]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    (flows,) = folder.glob("nfcapd.2*")
    with _socket() as collector:
        port = str(collector.getsockname()[1])
        command = ["nfreplay", "-H", "127.0.0.1", "-p", port, "-v", str(version), "-r", str(flows)]
        return _recorded(command, collector, folder.parent / "nfreplay.log")


def _socket() -> socket.socket:
    collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    collector.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    collector.bind(("127.0.0.1", 0))
    collector.setblocking(False)
    return collector


def _recorded(command: Sequence[str], collector: socket.socket, log: Path, within_s: float = 30) -> list[bytes]:
    datagrams: list[bytes] = []
    with running(command, log) as process:
        deadline = time.monotonic() + within_s
        while True:
            ended = process.poll() is not None  # asked first: what came before its end is then in the buffer
            try:
                while True:
                    datagrams.append(collector.recv(65_535))
            except BlockingIOError:
                pass
            if ended:
                return datagrams
            if time.monotonic() > deadline:
                raise AssertionError(f"{command[0]} does not end: {log.read_text(errors='replace')}")
            time.sleep(0.005)


@contextmanager
def nfcapd(folder: Path) -> Iterator[int]:
    """Run nfcapd on a free port, which is yielded; its files are in the folder once it has ended."""
    port = free_port(socket.SOCK_DGRAM)
    command = ["nfcapd", "-w", str(folder), "-p", str(port), "-b", "127.0.0.1", "-t", "3600", "-B", str(8 << 20)]
    log = folder.parent / "nfcapd.log"
    with running(command, log) as process:
        wait_bound(process, port, log)
        yield port


def wait_bound(process: "subprocess.Popen[bytes]", port: int, log: Path, within_s: float = 20) -> None:
    """Return once somebody has bound this UDP port; fail with the program's output when it ends or takes too long."""
    deadline = time.monotonic() + within_s
    while True:
        lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
        if any(line.split()[1].endswith(f":{port:04X}") for line in lines):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{process.args!r} does not listen on {port}: {log.read_text(errors='replace')}")
        time.sleep(0.01)


def nfdump(folder: Path, *arguments: str) -> str:
    """Return what nfdump says of the files in a folder."""
    return subprocess.run(
        ["nfdump", "-R", str(folder), *arguments], check=True, capture_output=True, text=True, timeout=60
    ).stdout
