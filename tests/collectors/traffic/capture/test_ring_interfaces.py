"""Interfaces and filters of the ring: down, gone, of other link types, what libpcap takes, and what is refused."""

import fcntl
import shutil
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.files import open_capture
from collectors.traffic.capture.interfaces import link_type
from collectors.traffic.capture.ring import Link, Ring
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import Traffic
from tests.support.netns import INTERFACE, lan
from tests.support.ring_cable import cable, drained, frame, listening, octets, sender
from tests.support.waiting import eventually_sync


def link(ring: Ring) -> Link:
    return ring.link


@pytest.mark.parametrize("outgoing", [True, False])
def test_what_the_host_sends_itself(outgoing: bool) -> None:
    with cable() as (net, send), listening(net["left"], outgoing=outgoing) as ring:
        send([frame(1), frame(2)])
        assert len(drained(ring, 2 * outgoing)) == 2 * outgoing


@pytest.mark.parametrize("fanout_group", [None, 3])
def test_loopback_counts_each_packet_once(fanout_group: int | None) -> None:
    with lan("alone") as net, listening(net["alone"], "lo", fanout_group=fanout_group) as ring:
        with net["alone"].socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(3):
                sock.sendto(b"once", ("127.0.0.1", 7777))
        assert [row[0][42:] for row in drained(ring, 3) if row[3] == 7777] == [b"once"] * 3


def test_an_interface_that_goes_down_and_comes_back() -> None:
    with cable() as (net, send), listening(net["right"]) as ring:
        assert link(ring) == Link.UP
        net["right"].run("ip", "link", "set", INTERFACE, "down")
        before = time.process_time()
        assert ring.next(0.5) is None
        assert ring.next(0.5) is None
        assert time.process_time() - before < 0.05
        assert link(ring) == Link.DOWN
        net["right"].run("ip", "link", "set", INTERFACE, "up")
        send([frame(1)])
        assert len(drained(ring, 1)) == 1
        assert link(ring) == Link.UP


def test_an_interface_that_goes_away_and_another_of_its_name() -> None:
    add = ("ip", "link", "add", INTERFACE, "type", "veth", "peer", INTERFACE, "netns")
    with lan("left", "right") as net, listening(net["right"]) as ring:
        net["right"].run("ip", "link", "del", INTERFACE)
        assert ring.next(0.5) is None
        assert ring.next(0.6) is None
        assert link(ring) == Link.GONE
        net["left"].run(*add, str(net["right"].pid))
        for host in net.hosts.values():
            host.run("ip", "link", "set", INTERFACE, "up")
        deadline = time.monotonic() + 5
        while link(ring) == Link.GONE and time.monotonic() < deadline:
            ring.next(0.2)
        with sender(net["left"]) as send:
            send([frame(1)])
        assert len(drained(ring, 1)) == 1
        assert link(ring) == Link.UP


def test_it_may_be_closed_while_a_batch_is_looked_at() -> None:
    with cable() as (net, send):
        ring = listening(net["right"])
        ring.open()
        send([frame(1)])
        eventually_sync(lambda: ring.stats().packets == 1)
        batch = ring.next(1)
        ring.close()
        ring.close()
        assert batch is not None
        assert octets(batch) == [frame(1)]
        assert ring.next(0) is None
        assert list(ring.recent()) == []


FILTERS = [
    "vlan 7 and port 53",
    "vlan and udp",
    "vlan 8",
    "port 53",
    "port 53 and not vlan",
    "ether proto 0x88a8 or vlan 9",
]


@pytest.mark.parametrize("expression", FILTERS)
def test_filters_take_what_tcpdump_takes(tmp_path: Path, expression: str) -> None:
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is missing")
    tags = ["", "81000007", "81000009", "88a80007", "8100000781000008"]
    sent = [
        frame(index, tags=bytes.fromhex(tag), destination=port) for tag in tags for index, port in enumerate((53, 80))
    ]
    path = tmp_path / "tcpdump.pcap"
    with cable() as (net, send), net["right"].inside():
        command = ["tcpdump", "-i", INTERFACE, "-w", str(path), "-U", "-Z", "root", f"udp port 9 or ({expression})"]
        with net["right"].popen(*command, log=tmp_path / "log"):
            eventually_sync(lambda: "listening on" in (tmp_path / "log").read_text())
            settings = RingSettings(filter=f"udp port 9 or ({expression})", block_timeout_ms=5)
            with Ring(INTERFACE, settings) as ring:
                send([*sent, frame(99, destination=9)])
                got: list[bytes] = []
                while not got or b"\0\0\0\x63" not in got[-1]:
                    batch = ring.next(5)
                    assert batch is not None
                    got += [each for captured in whole(ring, batch) for each in captured]
                eventually_sync(lambda: b"\0\0\0\x63" in path.read_bytes())
    with open_capture(path) as capture:
        assert got == [each for batch in capture.batches() for each in octets(batch)]
    assert len(got) > 1 or expression == "vlan 8"


def whole(ring: Ring, batch: Traffic) -> Iterator[list[bytes]]:
    """Give the batch's frames with the tags in them: the newest of the recent ones."""
    del batch
    *_, newest = ring.recent()
    assert newest.tags is not None
    yield [
        each if not tag else each[:12] + tag.to_bytes(4, "big") + each[12:]
        for each, tag in zip(octets(newest), newest.tags.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("port http and", "'port http and': can't parse filter expression: syntax error; write it"),
        ("host no.such.name.invalid", "'host no.such.name.invalid': unknown host 'no.such.name.invalid'; write it"),
    ],
)
def test_filters_that_are_wrong(expression: str, problem: str) -> None:
    with lan("alone") as net, pytest.raises(CaptureFault) as caught:
        listening(net["alone"], filter=expression).open()
    assert str(caught.value).startswith(f"filter: {problem}")


def test_without_libpcap_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from collectors.traffic.capture import filter as filters

    monkeypatch.setattr(filters, "_LIBRARIES", ("libpcap-that-is-not-there.so",))
    filters._library.cache_clear()
    with pytest.raises(CaptureFault, match=r"libpcap is missing.*install the Debian package libpcap0.8"):
        filters.compile_filter("udp", 1, 100)
    filters._library.cache_clear()


def test_an_interface_that_there_is_not() -> None:
    with lan("alone") as net, pytest.raises(CaptureFault, match=r"there is no interface eth9; there are .*lo"):
        listening(net["alone"], "eth9").open()


def test_a_tunnel_without_an_ethernet_header() -> None:
    if not Path("/dev/net/tun").exists():
        pytest.skip("this kernel has no tun devices")
    with lan("alone") as net, net["alone"].inside(), Path("/dev/net/tun").open("r+b", buffering=0) as tun:
        fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
        net["alone"].run("ip", "link", "set", "tun0", "up")
        with Ring("tun0", RingSettings(block_timeout_ms=5, filter="udp port 7777")) as ring:
            tun.write(frame(5)[14:])
            assert ring.link_type == 101
            batch = ring.next(5)
        assert batch is not None
        assert octets(batch) == [frame(5)[14:]]
        assert batch.records[["version", "destination_port"]].tolist() == [(4, 7777)]


def test_a_link_that_is_neither_ethernet_nor_ip() -> None:
    assert link_type("tun0", 65_534) == 101
    with pytest.raises(CaptureFault, match=r"ib0 is neither Ethernet nor plain IP .link type 32"):
        link_type("ib0", 32)


def test_without_the_right_it_says_how_to_get_it() -> None:
    def refused(_: int, __: int, ___: int) -> socket.socket:
        raise PermissionError

    with pytest.raises(CaptureFault, match="listening takes CAP_NET_RAW; start it by systemd"):
        Ring("lo", RingSettings(), opener=refused).open()
