"""Equal to tshark on what real programs and a real kernel sent: recorded here, in a network of two hosts."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
from scapy.utils import RawPcapReader

from netmon.api.traffic import Fragment, Tunnel
from tests.support.dissected import compare, dissected
from tests.support.netns import INTERFACE, Host, Lan, lan
from tests.support.packet_stacks import ALL_TUNNELS
from tests.support.packets import decoded
from tests.support.waiting import eventually_sync

_TOOLS: Final = ("tshark", "tcpdump")
for _tool in _TOOLS:
    if shutil.which(_tool) is None:
        pytest.skip(f"{_tool} is not installed", allow_module_level=True)

_SERVER: Final = """
import socket, sys
with socket.create_server(("::", 8080), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    print("ready", flush=True)
    while True:
        peer, _ = server.accept()
        with peer:
            peer.sendall(peer.recv(4096) + bytes(20000))
"""
_CLIENT: Final = """
import socket, sys
for address in sys.argv[1:]:
    with socket.create_connection((address, 8080), 5) as peer:
        peer.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        while peer.recv(65536):
            pass
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as datagram:
        for size in (0, 1, 400, 4000):
            datagram.sendto(bytes(size), (address, 9999))
"""

_DATAGRAMS: Final = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as datagram:
    for size in (1, 50, 900):
        datagram.sendto(bytes(size), (sys.argv[1], 9999))
"""


@contextmanager
def recorded(host: Host, folder: Path, interface: str) -> Iterator[Path]:
    """Record what an interface carries while the block lasts."""
    path, log = folder / f"{interface}.pcap", folder / f"{interface}.log"
    # Each slot of its ring is as long as a packet may be: with the usual 262,144 octets there are but a few of them.
    with host.popen(
        "tcpdump", "--immediate-mode", "-s", "1600", "-U", "-n", "-Z", "root", "-i", interface, "-w", str(path), log=log
    ) as process:
        says(log, "listening on")
        yield path
        quiet_since, size = time.monotonic(), -1

        def quiet() -> bool:
            nonlocal quiet_since, size
            if path.stat().st_size != size:
                quiet_since, size = time.monotonic(), path.stat().st_size
            return time.monotonic() - quiet_since > 0.3

        eventually_sync(quiet)
        process.terminate()
        process.wait(10)


def says(log: Path, text: str) -> None:
    eventually_sync(lambda: log.exists() and text in log.read_text())


def talk(net: Lan, folder: Path, *addresses: str) -> None:
    """A web server, datagrams that need fragments, a closed port that answers by ICMP."""
    log = folder / "server.log"
    with net["b"].popen("python3", "-c", _SERVER, log=log):
        says(log, "ready")
        net["a"].run("python3", "-c", _CLIENT, *addresses)


def frames_of(path: Path) -> tuple[list[bytes], int]:
    reader = RawPcapReader(str(path))
    with reader:
        return [octets for octets, _ in reader], reader.linktype


def test_a_web_server_and_datagrams_to_nobody(tmp_path: Path) -> None:
    with lan("a", "b") as net, ExitStack() as stack:
        paths = [stack.enter_context(recorded(net["a"], tmp_path, name)) for name in (INTERFACE, "any")]
        talk(net, tmp_path, net["b"].ipv4, net["b"].ipv6)
        stack.close()
    links = set()
    for path in paths:
        frames, link_type = frames_of(path)
        links.add(link_type)
        assert len(frames) > 40
        assert compare(dissected(path), frames, link_type) > 8 * len(frames)
        records = decoded(frames, link_type).records
        assert {Fragment.NONE, Fragment.FIRST, Fragment.LATER} == {Fragment(int(one)) for one in records["fragment"]}
        assert set(records["protocol"]) >= {0, 1, 6, 17, 58}  # 0: ARP
        assert set(records["version"]) == {0, 4, 6}
    assert len(links) == 2  # Ethernet, and one of the cooked ones


def test_a_tunnel_of_the_kernels(tmp_path: Path) -> None:
    with lan("a", "b") as net:
        for here, there, number in ((net["a"], net["b"], 1), (net["b"], net["a"], 2)):
            words = f"type vxlan id 9 dstport 4789 remote {there.ipv4}".split()
            made = here.run("ip", "link", "add", "over", *words, check=False)
            if made.returncode:
                pytest.skip(f"this kernel has no VXLAN: {made.stderr.strip()}")
            here.run("ip", "address", "add", f"198.51.100.{number}/24", "dev", "over")
            here.run("ip", "link", "set", "over", "up")
        with recorded(net["a"], tmp_path, INTERFACE) as path:
            net["a"].run("python3", "-c", _DATAGRAMS, "198.51.100.2")
    frames, link_type = frames_of(path)
    rows = dissected(path)
    ours = [at for at, row in enumerate(rows) if row["udp.dstport"][-1:] == ["9999"]]
    ours = [at for at in ours if "icmp" not in rows[at]["frame.protocols"][0]]
    assert len(ours) == 3
    chosen = [frames[at] for at in ours]
    assert compare([rows[at] for at in ours], chosen, link_type, ALL_TUNNELS) >= 10 * len(ours)
    assert {Tunnel(int(one)) for one in decoded(chosen, link_type, ALL_TUNNELS).records["tunnel"]} == {Tunnel.VXLAN}
