"""Real connections over a cable that loses packets, recorded: connection by connection as tshark sees them, and in sum
as softflowd and nfdump do."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.capture.files import open_capture
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import FlowState
from tests.support.flow_packets import ends, sums
from tests.support.netns import INTERFACE, lan
from tests.support.packets import ACK, SYN
from tests.support.processes import free_port, running
from tests.support.waiting import eventually_sync

_NOTHING: Final = {"again": 0, "rtt": 0.0, "syn": 0}
_PORT: Final = 8080
_FETCHES: Final = 8
_ROUNDS: Final = 10
# The tail is dropped: a first window of ten segments does not fit.
_LOSSY: Final = ("rate", "20mbit", "burst", "4kb", "limit", "6000")


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A capture of fetches, a refused connection, pings, and a datagram to a closed port."""
    need("tcpdump", "curl", "hping3", "tc")
    folder = tmp_path_factory.mktemp("flows")
    (folder / "file").write_bytes(bytes(200_000))
    path, log = folder / "seen.pcap", folder / "tcpdump.log"
    with lan("client", "server") as net:
        client, server = net["client"], net["server"]
        web = (sys.executable, "-m", "http.server", str(_PORT), "--bind", "::", "--directory", str(folder))
        listen = ("tcpdump", "-i", INTERFACE, "-s", "200", "-U", "-Z", "root", "-w", str(path), "tcp or udp or icmp")
        with server.popen(*web, log=folder / "web.log"), client.popen(*listen, log=log):
            eventually_sync(lambda: b"listening on" in log.read_bytes())
            fetch = ("curl", "-s", "-o", "/dev/null", "--max-time", "20")
            url = f"http://{server.ipv4}:{_PORT}/file"
            eventually_sync(lambda: client.run(*fetch, url, check=False).returncode == 0)
            server.run("tc", "qdisc", "add", "dev", INTERFACE, "root", "tbf", *_LOSSY)
            for _ in range(_ROUNDS):  # how much is lost hangs on how the sender's kernel cuts what it sends
                client.run(*fetch, "--parallel", "--parallel-immediate", *[url] * _FETCHES)
                if flows_of(path)["retransmissions"].any():
                    break
            client.run(*fetch, f"http://[{server.ipv6}]:{_PORT}/file")
            assert client.run(*fetch, f"http://{server.ipv4}:9/", check=False).returncode == 7
            client.run("hping3", "--icmp", "-c", "3", "--fast", server.ipv4)
            with client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.sendto(b"anybody?", (server.ipv4, 9))
            eventually_sync(lambda: {8, 3} <= set(flows_of(path)["icmp_type"]))
        yield path


def queued(port: int) -> int | None:
    """Return how many octets wait to be read at a UDP port (proc_net_udp(5)); None: nobody listens."""
    for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines():
        cells = line.split()
        if cells[1].endswith(f":{port:04X}"):
            return int(cells[4].partition(":")[2], 16)
    return None


def flows_of(path: Path) -> NDArray[np.void]:
    table = FlowTable()
    with open_capture(path) as capture:
        for traffic in capture.batches():
            table.add(traffic.records, traffic.frames)
    return table.finish()


def fields(path: Path, *names: str) -> list[list[str]]:
    """Return fields of every TCP packet, as tshark tells them."""
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp", "-T", "fields", *(f"-e{name}" for name in names)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_connections_as_tshark_sees_them(recorded: Path) -> None:
    need("tshark")
    streams: dict[str, dict[str, Any]] = {}
    rows = fields(
        recorded, "tcp.stream", "tcp.srcport", "tcp.dstport", "frame.len", "tcp.analysis.retransmission",
        "tcp.analysis.out_of_order", "tcp.analysis.initial_rtt", "tcp.flags",
    )  # fmt: skip
    for stream, source, destination, length, again, disordered, rtt, flags in rows:
        held = streams.setdefault(
            stream, {"ports": (int(source), int(destination)), "there": [0, 0], "back": [0, 0], **_NOTHING}
        )
        way = held["there" if int(source) == held["ports"][0] else "back"]
        way[0], way[1] = way[0] + 1, way[1] + int(length)
        held["again"] += bool(again or disordered)
        held["syn"] += int(flags, 16) & (SYN | ACK) == SYN
        held["rtt"] = float(rtt) if rtt else held["rtt"]
    ours = {ends(row)[1::2]: row for row in flows_of(recorded) if row["protocol"] == 6}
    assert set(ours) == {held["ports"] for held in streams.values()}
    assert len(ours) >= _FETCHES + 3
    for held in streams.values():
        row = ours[held["ports"]]
        assert [row["packets"], row["bytes"]] == held["there"]
        assert [row["reply_packets"], row["reply_bytes"]] == held["back"]
        assert row["retransmissions"] == held["again"], held
        if held["syn"] > 1:  # tshark counts from the last SYN, we from the first
            assert row["handshake_us"] > held["rtt"] * 1e6, held
        elif row["state"] != FlowState.REFUSED:  # tshark takes SYN and RST for a handshake too
            assert abs(int(row["handshake_us"]) - held["rtt"] * 1e6) <= 1, held
    assert sum(int(row["retransmissions"]) for row in ours.values()) > 0  # the cable did lose packets
    assert FlowState(ours[next(ports for ports in ours if ports[1] == 9)]["state"]) is FlowState.REFUSED
    closed = [row for ports, row in ours.items() if ports[1] == _PORT and row["handshake_us"]]
    assert {FlowState(row["state"]) for row in closed} == {FlowState.CLOSED}


def test_sums_as_softflowd_and_nfdump_have_them(recorded: Path, tmp_path: Path) -> None:
    need("softflowd", "nfcapd", "nfdump")
    port = free_port(socket.SOCK_DGRAM)
    store = tmp_path / "store"
    store.mkdir()
    log = tmp_path / "nfcapd.log"
    with running(["nfcapd", "-p", str(port), "-b", "127.0.0.1", "-w", str(store), "-t", "3600"], log):
        eventually_sync(lambda: queued(port) == 0)
        export = ["softflowd", "-d", "-6", "-v", "9", "-r", str(recorded), "-n", f"127.0.0.1:{port}"]
        # Both names short: with long paths for both it does not end.
        subprocess.run([*export, "-p", "pid", "-c", "ctl"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
        eventually_sync(lambda: queued(port) == 0)
    theirs: dict[int, list[int]] = {}
    command = ["nfdump", "-R", str(store), "-q", "-N", "-o", "fmt:%pr,%pkt,%byt"]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        name, packets, octets = (cell.strip() for cell in line.split(","))
        held = theirs.setdefault(int(name), [0, 0, 0])
        held[:] = held[0] + 1, held[1] + int(packets), held[2] + int(octets)
    rows = flows_of(recorded)
    ours: dict[int, list[int]] = {}
    for protocol in (1, 6, 17):
        some = rows[rows["protocol"] == protocol]
        seen, size = sums(some)
        one_way = len(some) + int((some["reply_packets"] > 0).sum())
        ours[protocol] = [one_way, seen, size - 14 * seen]  # softflowd counts from the IP header on
    assert ours == theirs
