"""Attacks with the tools that attackers use, from one host of a made network on another: bounded in count and time.

with lan("server", "attacker", sensor=True) as net, recorded(net, path):
    began = strike(FLOODS[0], net, folder)
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from tests.support.local_watch import need
from tests.support.netns import INTERFACE, Host, Lan
from tests.support.sshd import make_key
from tests.support.waiting import eventually_sync

Argv: TypeAlias = Callable[[Lan, Path], list[str]]
SSH_PORT: Final = 22
WEB_PORT: Final = 80
_USERS: Final = ("root", "admin", "oracle")

_WEB: Final = """
import http.server, sys
class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"x" * 4000
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
Server(("0.0.0.0", 80), Quiet).serve_forever()
"""
_HULK: Final = """
import socket, sys, time
end, number = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    with socket.create_connection((sys.argv[1], 80)) as one:
        one.sendall(b"GET /?%d HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n" % number)
        while one.recv(65536): pass
    number += 1
    time.sleep(max(0, number / 250 - (time.monotonic() - end + float(sys.argv[2]))))
"""
_SLOWLORIS: Final = """
import socket, sys, time
held = []
for number in range(300):
    held.append(socket.create_connection((sys.argv[1], 80)))
    held[-1].sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n")
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    time.sleep(3)
    for one in held: one.sendall(b"X-a: b\\r\\n")
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool at work. `expected`: rules that name it rightly; `serves`: what has to run on the server."""

    name: str
    expected: tuple[str, ...]
    argv: Argv
    serves: str = ""
    beside: tuple[str, ...] = ()
    timeout_s: float = 60


def _hping(*options: str, packets: int = 6_000, wait_us: int = 1_000) -> Argv:
    return lambda net, _: ["hping3", "-q", "-c", str(packets), "-i", f"u{wait_us}", *options, net["server"].ipv4]


def _nmap(*options: str, to: str = "") -> Argv:
    return lambda net, _: ["nmap", "-n", "-Pn", "--max-retries", "1", *options, to or net["server"].ipv4]


def _python(script: str, *arguments: str) -> Argv:
    return lambda net, _: [sys.executable, "-c", script, net["server"].ipv4, *arguments]


def _hydra(*options: str, service: str) -> Argv:
    def argv(net: Lan, folder: Path) -> list[str]:
        words = folder / "words"
        words.write_text("\n".join(f"secret{number}" for number in range(200)), encoding="ascii")
        return ["timeout", "25", "hydra", "-I", "-l", "root", "-P", str(words), *options, net["server"].ipv4, service]

    return argv


def _spray(net: Lan, folder: Path) -> list[str]:
    """One password on a dozen servers: addresses of one sshd."""
    targets, users = folder / "targets", folder / "users"
    targets.write_text("\n".join(f"192.0.2.{100 + number}" for number in range(12)), encoding="ascii")
    users.write_text("\n".join(_USERS), encoding="ascii")
    del net
    return ["timeout", "40", "hydra", "-I", "-L", str(users), "-p", "Sommer2026", "-t", "2", "-M", str(targets), "ssh"]


FLOODS: Final = (
    Tool("hping3 -S --rand-source", ("syn_flood",), _hping("-S", "-p", "80", "--rand-source")),
    Tool("hping3 -S, one source", ("syn_flood",), _hping("-S", "-p", "80")),
    Tool(
        "hping3 -A --rand-source",
        ("ack_flood",),
        _hping("-A", "-p", "80", "--rand-source", packets=20_000, wait_us=200),
    ),
    Tool("hping3 -R --rand-source", ("rst_flood",), _hping("-R", "-p", "80", "--rand-source")),
    Tool(
        "hping3 --udp --rand-source",
        ("udp_flood",),
        _hping("--udp", "-p", "80", "--rand-source", packets=20_000, wait_us=200),
    ),
    Tool("hping3 --icmp", ("icmp_flood",), _hping("--icmp")),
    Tool(
        "hping3 -x --udp (fragments)",
        ("fragment_flood",),
        _hping("-x", "--udp", "-g", "185", "-d", "600", "--rand-source"),
    ),
)
SCANS: Final = (
    Tool("nmap -sS", ("port_scan",), _nmap("-sS")),
    Tool("nmap -sT", ("port_scan",), _nmap("-sT")),
    Tool("nmap -sF", ("stealth_scan", "port_scan"), _nmap("-sF")),
    Tool("nmap -sN", ("stealth_scan", "port_scan"), _nmap("-sN")),
    Tool("nmap -sX", ("stealth_scan", "port_scan"), _nmap("-sX")),
    Tool("nmap -sA", ("stealth_scan", "port_scan"), _nmap("-sA")),
    Tool("nmap -sU", ("udp_scan",), _nmap("-sU", "-F", "--max-retries", "0", "--host-timeout", "20s")),
    Tool("nmap -sS -T2", ("port_scan",), _nmap("-sS", "-T2", "--top-ports", "30")),
    Tool("nmap -sS --scan-delay 1s", ("port_scan",), _nmap("-sS", "--scan-delay", "1s", "--top-ports", "20")),
    Tool("nmap -sS -T5 -p-", ("port_scan",), _nmap("-sS", "-T5", "-p", "1-20000")),
    Tool("nmap -sY", ("port_scan",), _nmap("-sY")),
    Tool("nmap -sZ", ("port_scan",), _nmap("-sZ")),
    Tool("nmap -sO", ("protocol_scan",), _nmap("-sO", "--host-timeout", "40s")),
    Tool(
        "nmap -6 -sn of a /120 (neighbour discovery)",
        ("network_sweep",),
        lambda *_: ["nmap", "-6", "-n", "-sn", "2001:db8::/120"],
    ),
    Tool("nmap -sn of a /24 (ARP)", ("arp_sweep", "network_sweep"), lambda *_: ["nmap", "-n", "-sn", "192.0.2.0/24"]),
)
GUESSING: Final = (
    Tool("hydra, SSH", ("brute_force",), _hydra("-t", "4", service="ssh"), serves="sshd"),
    Tool("hydra, SSH, 12 servers", ("password_spraying",), _spray, serves="sshd"),
)
WEB: Final = (
    Tool("requests on 250 connections/s", ("connection_flood",), _python(_HULK, "8"), serves="web"),
    Tool(  # 300 connections at once are both
        "slowloris, 300 connections",
        ("connection_flood", "held_connections"),
        _python(_SLOWLORIS, "12"),
        serves="web",
        beside=("held_connections",),
    ),
)
TOOLS: Final = (*FLOODS, *SCANS, *GUESSING, *WEB)


def is_listening(host: Host, port: int) -> bool:
    """Tell whether something there accepts connections."""
    return f"00000000:{port:04X} 00000000:0000 0A" in host.run("cat", "/proc/net/tcp").stdout


@contextmanager
def serving(what: str, host: Host, folder: Path) -> Iterator[None]:
    """Run what a tool attacks while the block lasts."""
    if not what:
        yield
        return
    with ExitStack() as stack:
        if what == "web":
            stack.enter_context(host.popen(sys.executable, "-c", _WEB, log=folder / "web.log"))
        else:
            stack.enter_context(host.popen(*_sshd(host, folder), log=folder / "sshd.log"))
        eventually_sync(lambda: is_listening(host, WEB_PORT if what == "web" else SSH_PORT))
        yield


def _sshd(host: Host, folder: Path) -> list[str]:
    """Return the command of an sshd that asks for passwords, which nobody has; at a dozen more addresses as well."""
    need("sshd", "hydra")
    if host.private:
        pytest.skip("sshd at port 22 that asks for passwords wants root")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    key = folder / "host_key"
    if not key.exists():
        make_key(key)
    for number in range(12):
        host.run("ip", "address", "replace", f"192.0.2.{100 + number}/24", "dev", INTERFACE)
    options = [
        f"HostKey={key}",
        "UsePAM=no",
        "PasswordAuthentication=yes",
        "PidFile=none",
        "MaxStartups=100",
        "UseDNS=no",
    ]
    return [str(shutil.which("sshd")), "-D", "-e", "-f", "/dev/null", *(f"-o{option}" for option in options)]


def strike(tool: Tool, net: Lan, folder: Path) -> float:
    """Have a tool do its work, to the end; return when it was started, in Unix seconds."""
    argv = tool.argv(net, folder)
    need(next(word for word in argv if word not in ("timeout", "25", "40")) if argv[0] == "timeout" else argv[0])
    began = time.time()
    net["attacker"].run(*argv, timeout_s=tool.timeout_s, check=False)
    return began
