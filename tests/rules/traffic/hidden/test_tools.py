"""ptunnel-ng with pings beside it, and a beacon in a capture: the whole way from packets to findings."""

import socket
import struct
import threading
from pathlib import Path

import pytest
from scapy.utils import RawPcapWriter

from netmon.api import Finding
from netmon.app.traffic.replaying import open_replay
from tests.support.local_watch import need, recorded
from tests.support.netns import Host, lan
from tests.support.waiting import eventually_sync

SHELL = b"uid=0(root) gid=0(root) groups=0(root)\n" * 20


def replayed(path: Path) -> list[Finding]:
    return [finding for finding, _ in open_replay(path, None, None).run()]


def answer(server: socket.socket) -> None:
    """Answer each line of one connection with some output, as a shell does."""
    connection, _ = server.accept()
    with connection:
        while connection.recv(4_096):
            connection.sendall(SHELL)


def talk(client: Host, lines: int) -> None:
    with client.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(20)
        sock.connect(("127.0.0.1", 2_222))
        for number in range(lines):
            sock.sendall(b"cat /etc/passwd %d\n" % number)
            left = len(SHELL)
            while left:
                left -= len(sock.recv(left))


def is_listening(host: Host, port: int) -> bool:
    return f":{port:04X} " in host.run("cat", "/proc/net/tcp").stdout


def test_ptunnel_is_found_and_pings_beside_it_are_not(tmp_path: Path) -> None:
    need("ptunnel-ng", "hping3")
    path = tmp_path / "seen.pcap"
    with lan("client", "office", "server", sensor=True) as net:
        client, office, server = (net[name] for name in ("client", "office", "server"))
        if client.private:
            pytest.skip("ptunnel-ng wants to be root")
        forward = ["ptunnel-ng", "-p", server.ipv4, "-l", "2222", "-r127.0.0.1", "-R7022", "-o/dev/stdout"]
        with server.socket(socket.AF_INET, socket.SOCK_STREAM) as shell, recorded(net, path):
            server.run("ip", "link", "set", "lo", "up")
            client.run("ip", "link", "set", "lo", "up")
            shell.bind(("127.0.0.1", 7_022))
            shell.listen()
            thread = threading.Thread(target=answer, args=(shell,), daemon=True)
            thread.start()
            with (
                server.popen("ptunnel-ng", "-o/dev/stdout", log=tmp_path / "proxy.log"),
                client.popen(*forward, log=tmp_path / "forward.log"),
            ):
                eventually_sync(lambda: is_listening(client, 2_222))
                talk(client, 30)
                office.run("hping3", "-1", "-q", "-c", "200", "-i", "u10000", "-d", "1400", server.ipv4)
                office.run("hping3", "-1", "-q", "-c", "200", "-i", "u10000", client.ipv4)
    found = [finding for finding in replayed(path) if finding.rule == "icmp_tunnel"]
    assert {(one.evidence["source"], one.evidence["target"]) for one in found} <= {
        (client.ipv4, server.ipv4),
        (server.ipv4, client.ipv4),
    }
    assert len({one.key for one in found}) == 1
    assert found[-1].cleared


def connection(at: float, client: int, reply: int, port: int) -> list[tuple[float, bytes]]:
    """One check-in by HTTP: some octets there, some back, closed."""
    address = {True: (bytes([10, 1, 1, client]), 40_000 + port), False: (bytes([198, 51, 100, 66]), 80)}
    packets: list[tuple[float, bytes]] = []
    following = {True: 1_000, False: 9_000}
    for number, (there, flags, size) in enumerate(
        [
            (True, 2, 0),
            (False, 18, 0),
            (True, 16, 0),
            (True, 24, 310),
            (False, 24, reply),
            (True, 17, 0),
            (False, 17, 0),
            (True, 16, 0),
        ]
    ):
        (source, source_port), (target, target_port) = address[there], address[not there]
        tcp = struct.pack(
            ">HHIIBBHHH", source_port, target_port, following[there], following[not there], 0x50, flags, 8_192, 0, 0
        )
        header = struct.pack(">BBHHHBBH", 0x45, 0, 40 + size, 1, 0, 63, 6, 0) + source + target
        packets.append((at + number * 0.01, b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" + header + tcp + b"x" * size))
        following[there] += size + (1 if flags & 3 else 0)
    return packets


def test_a_beacon_in_a_capture_is_found(tmp_path: Path) -> None:
    path = tmp_path / "beacon.pcap"
    jitter = [0.93, 0.71, 0.88, 0.97, 0.75, 0.82, 0.99, 0.7, 0.79, 0.91]
    at = 1_790_000_000.0
    with RawPcapWriter(str(path), linktype=1) as writer:
        writer.write_header(None)
        for number in range(45):
            at += 60 * jitter[number * 7 % 10]
            for time, octets in connection(at, 44, 220, number):
                writer.write_packet(octets, sec=int(time), usec=int(time % 1 * 1e6))
    found = [finding for finding in replayed(path) if finding.rule == "beacon"]
    assert all("beacon" in finding.summary for finding in found)
    assert len({one.key for one in found}) == 1
    assert (found[0].evidence["source"], found[0].evidence["target"]) == ("10.1.1.44", "198.51.100.66")
    assert found[0].at - 1_790_000_000 < 30 * 60
    assert 45 <= float(found[0].evidence["interval_s"]) <= 58
