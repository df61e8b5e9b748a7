"""What tools do to a made local network, from one of its hosts: arpspoof, and a second DHCP server of dnsmasq."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from tests.support.local_watch import need, raw
from tests.support.netns import INTERFACE, Host, Lan
from tests.support.waiting import eventually_sync


def spoof_arp(net: Lan, folder: Path) -> float:
    """Let `attacker` tell `victim` that it is `gateway`, five times; return when that began, Unix seconds."""
    need("arpspoof")
    gateway, victim, attacker = net["gateway"], net["victim"], net["attacker"]
    log = folder / "arpspoof.log"
    for host in (victim, attacker):
        with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"who are you", (gateway.ipv4, 9))
    began = time.time()
    with attacker.popen("arpspoof", "-i", INTERFACE, "-t", victim.ipv4, gateway.ipv4, log=log) as process:
        eventually_sync(lambda: log.read_text().count("is-at") >= 5, within_s=20)
        process.kill()  # politely asked, it takes 5 s to set all right
    return began


def lease_beside(net: Lan, folder: Path) -> float:
    """Let `rogue` offer leases beside `server` to `client`; return when it began to, Unix seconds."""
    need("dnsmasq")
    mac = net["client"].mac
    with _leasing(net["server"], folder), raw(net["client"]) as client:
        _discover(client, mac, 1, servers=1)
        with _leasing(net["rogue"], folder):
            began = time.time()
            _discover(client, mac, 2, servers=2)
    return began


@contextmanager
def _leasing(host: Host, folder: Path) -> Iterator[None]:
    """Run dnsmasq as a DHCP server that names itself as gateway."""
    log = folder / f"{host.name}.log"
    command = ["dnsmasq", "-d", "-p", "0", "-C", "/dev/null", "--log-dhcp", "--no-ping", "-i", INTERFACE]
    command += ["--dhcp-range=192.0.2.100,192.0.2.120,1h", f"--dhcp-option=3,{host.ipv4}", "--dhcp-authoritative"]
    command += [f"--dhcp-leasefile={folder / host.name}.leases", f"--pid-file={folder / host.name}.pid"]
    with host.popen(*command, log=log):
        eventually_sync(lambda: "sockets bound" in log.read_text() or "DHCP, IP range" in log.read_text())
        yield


def _discover(client: socket.socket, mac: str, number: int, *, servers: int) -> None:
    """Ask for a lease until so many servers have offered."""
    octets = bytes.fromhex(mac.replace(":", "")) + bytes(10)
    frame = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
    frame /= BOOTP(chaddr=octets, xid=number, flags=0x8000) / DHCP(options=[("message-type", "discover"), "end"])
    client.send(bytes(frame))
    while servers:
        packet = Ether(client.recv(4096))
        if packet.haslayer(DHCP) and packet[BOOTP].op == 2 and packet[BOOTP].xid == number:
            servers -= 1
