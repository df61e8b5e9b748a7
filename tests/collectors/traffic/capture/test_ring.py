"""The ring on real interfaces, in network namespaces: what tcpdump sees, what is lost, what is kept."""

import contextlib
import fcntl
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from collectors.traffic.capture.evidence import Captured, write_pcap
from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.files import open_capture
from collectors.traffic.capture.interfaces import link_type
from collectors.traffic.capture.pack_kernel import pack
from collectors.traffic.capture.ring import Link, Ring
from collectors.traffic.capture.ring_kernel import walk_block
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import Traffic
from tests.support.netns import INTERFACE, Host, Lan, lan
from tests.support.waiting import eventually_sync

HEADER = bytes.fromhex("020000000002020000000001")
SMALL = {"block_bytes": 65_536, "blocks": 8, "kept_blocks": 0, "block_timeout_ms": 5, "bulk_bytes": 65_535}


def frame(number: int = 0, *, tags: bytes = b"", source: int = 4000, destination: int = 7777, size: int = 20) -> bytes:
    """Return an Ethernet frame with an IPv4 UDP datagram that carries a number."""
    payload = number.to_bytes(4, "big") + bytes(size - 4)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + size, 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    return HEADER + tags + b"\x08\x00" + ip + struct.pack("!HHHH", source, destination, 8 + size, 0) + payload


@contextlib.contextmanager
def sender(host: Host) -> Iterator[Callable[[Iterable[bytes]], None]]:
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.bind((INTERFACE, 0))

        def send(frames: Iterable[bytes]) -> None:
            for each in frames:
                sock.send(each)

        yield send


@contextlib.contextmanager
def cable() -> Iterator[tuple[Lan, Callable[[Iterable[bytes]], None]]]:
    """Give two hosts, and how to send from the left one to the right one."""
    with lan("left", "right") as net, sender(net["left"]) as send:
        yield net, send


def link(ring: Ring) -> Link:
    return ring.link


def listening(host: Host, name: str = INTERFACE, **how: object) -> Ring:
    return Ring(name, RingSettings.model_validate({"filter": "udp", **SMALL, **how}), opener=host.socket)


def octets(batch: Traffic | Captured) -> list[bytes]:
    assert batch.frames is not None
    places = batch.frames.index[["at", "captured"]].tolist()
    return [batch.frames.buffer[at : at + captured].tobytes() for at, captured in places]


def drained(ring: Ring, enough: int, within_s: float = 5.0) -> list[tuple[bytes, int, int, int]]:
    """Return octets, octets on the wire, VLAN and destination port of so many frames, and of what follows at once."""
    got: list[tuple[bytes, int, int, int]] = []
    deadline = time.monotonic() + within_s
    while (batch := ring.next(0.05)) is not None or (len(got) < enough and time.monotonic() < deadline):
        if batch is not None:
            records = batch.records
            numbers = (records[name].tolist() for name in ("bytes", "vlan", "destination_port"))
            got += list(zip(octets(batch), *numbers, strict=True))
    return got


def test_all_is_compiled_when_it_is_open(
    tmp_path: Path,
) -> None:  # first of all, before others let something be compiled
    with cable() as (net, send), listening(net["right"], kept_blocks=4) as ring:
        compiled = [list(each.signatures) for each in (walk_block, pack)]
        send([frame(1), frame(2)])
        drained(ring, 2)
        chosen = [each.only(each.times_ns > 0) for each in ring.recent()]
        assert write_pcap(tmp_path / "all", ring.recent(), max_bytes=10_000).packets == 2
        assert write_pcap(tmp_path / "chosen", chosen, max_bytes=10_000).packets == 2
        assert [list(each.signatures) for each in (walk_block, pack)] == compiled


def test_tcpdump_sees_the_same_frames_at_the_same_times(tmp_path: Path) -> None:
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is missing")
    sent = [frame(number, size=20 + number % 900) for number in range(3_000)]
    path = tmp_path / "tcpdump.pcap"
    with cable() as (net, send):
        if net["right"].private:
            pytest.skip("tcpdump changes its user at start, which takes root")
        command = ["tcpdump", "-i", INTERFACE, "-w", str(path), "-U", "--nano", "-Z", "root", "udp"]
        with net["right"].popen(*command, log=tmp_path / "log") as tcpdump, listening(net["right"], blocks=64) as ring:
            eventually_sync(lambda: "listening on" in (tmp_path / "log").read_text())
            send(sent)
            got = drained_times(ring, len(sent))
            eventually_sync(lambda: path.stat().st_size >= 24 + sum(16 + len(each) for each in sent))
            tcpdump.terminate()
            tcpdump.wait(10)
            assert ring.stats().drops == 0
            assert ring.stats().packets == len(sent)
    with open_capture(path) as capture:
        theirs = [pair for batch in capture.batches() for pair in zip(octets(batch), times(batch), strict=True)]
    assert [pair[0] for pair in got] == sent
    assert got == theirs


def times(batch: Traffic) -> list[int]:
    return list(batch.records["start_ns"].tolist())


def drained_times(ring: Ring, enough: int) -> list[tuple[bytes, int]]:
    got: list[tuple[bytes, int]] = []
    deadline = time.monotonic() + 5
    while len(got) < enough and time.monotonic() < deadline:
        if (batch := ring.next(0.05)) is not None:
            got += zip(octets(batch), times(batch), strict=True)
    return got


@pytest.mark.parametrize("kept", [0, 2, 4])
def test_what_finds_no_room_is_counted(kept: int) -> None:
    with cable() as (net, send), listening(net["right"], kept_blocks=kept) as ring:
        last = -1
        got = 0
        for turn in range(4):
            send(frame(turn * 2_000 + number, size=500) for number in range(2_000))
            numbers = [int.from_bytes(row[0][42:46], "big") for row in drained(ring, 1)]
            assert numbers == sorted(set(numbers))
            assert numbers[0] > last
            last = numbers[-1]
            got += len(numbers)
        stats = ring.stats()
        assert stats.drops > 4_000
        assert stats.freezes >= 1
        assert stats.packets == 8_000
        assert got == stats.packets - stats.drops
        send([frame(77)])
        assert drained(ring, 1)[0][0] == frame(77)  # and it goes on
        assert ring.stats().packets == 8_001
    assert ring.stats().packets == 8_001


@pytest.mark.parametrize("tpid", ["8100", "88a8"])
def test_tags_that_the_kernel_took_out(tmp_path: Path, tpid: str) -> None:
    tagged = frame(1, tags=bytes.fromhex(tpid + "6007"))  # priority 3, VLAN 7
    double = frame(2, tags=bytes.fromhex(tpid + "0009" + "81000010"))
    with cable() as (net, send), listening(net["right"], filter="", kept_blocks=4) as ring:
        send([tagged, double, frame(3)])
        got = [row for row in drained(ring, 3) if row[3] == 7777]
        assert got == [
            (frame(1), len(tagged), 7, 7777),
            (frame(2, tags=bytes.fromhex("81000010")), len(double), 9, 7777),
            (frame(3), len(frame(3)), 0, 7777),
        ]
        write_pcap(tmp_path / "evidence", ring.recent(), max_bytes=10_000)
    with open_capture(tmp_path / "evidence") as capture:
        written = [each for batch in capture.batches() for each in octets(batch)]
    assert [each for each in written if each.startswith(HEADER) and b"\x1e\x61" in each] == [tagged, double, frame(3)]


def test_recent_packets_are_the_newest_and_stay_while_the_ring_goes_round() -> None:
    with cable() as (net, send), listening(net["right"], kept_blocks=4) as ring:
        for turn in range(12):  # a block holds about 100 of these
            send(frame(turn * 150 + number, size=500) for number in range(150))
            assert len(drained(ring, 150)) == 150
        numbers = [int.from_bytes(each[42:46], "big") for captured in ring.recent() for each in octets(captured)]
        last_ns = [int(captured.times_ns[-1]) for captured in ring.recent()]
        assert numbers == list(range(numbers[0], 1_800))
        assert 4 <= len(last_ns) <= 5  # blocks: those kept and the one that is being read
        assert len(numbers) <= 5 * 120
        assert ring.stats().drops == 0
        assert len(list(ring.recent(since_ns=last_ns[-1]))) < len(last_ns)
        assert len(list(ring.recent(since_ns=last_ns[-1] + 1))) == 0


@pytest.mark.parametrize("kept", [0, 4])
def test_a_silent_interface_costs_nothing(kept: int) -> None:
    with cable() as (net, send), listening(net["right"], kept_blocks=kept) as ring:
        for number in range(12):  # more blocks than there are
            send([frame(number)])
            assert len(drained(ring, 1)) == 1
        before = time.process_time()
        assert ring.next(0.5) is None
        assert time.process_time() - before < 0.05


def test_processes_share_an_interface_flow_by_flow() -> None:
    with cable() as (net, send), contextlib.ExitStack() as stack:
        rings = [stack.enter_context(listening(net["right"], blocks=64, fanout_group=5)) for _ in range(2)]
        send(frame(number, source=1_000 + number % 40) for number in range(2_000))
        seen: list[list[int]] = [[], []]
        ports: list[set[int]] = [set(), set()]
        for ring, numbers, flows in zip(rings, seen, ports, strict=True):
            for row in drained(ring, 1):
                numbers.append(int.from_bytes(row[0][42:46], "big"))
                flows.add(int.from_bytes(row[0][34:36], "big"))
        assert sorted(seen[0] + seen[1]) == list(range(2_000))
        assert min(map(len, ports)) > 5
        assert not ports[0] & ports[1]


def test_frames_are_cut_to_the_snaplen() -> None:
    with cable() as (net, send), listening(net["right"], filter="", snaplen_bytes=64) as ring:
        send([frame(1, size=900)])
        row = next(row for row in drained(ring, 1) if row[3] == 7777)
    assert row[:2] == (frame(1, size=900)[:64], 942)


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
    assert str(caught.value).startswith(f"filter:0:0: {problem}")


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


@pytest.mark.parametrize("kept", [1, 65])
def test_blocks_that_cannot_be_kept(kept: int) -> None:
    with pytest.raises(ValidationError, match="from 2 up to half of blocks"):
        RingSettings(kept_blocks=kept)


def test_tcpreplay_at_full_speed_loses_nothing(tmp_path: Path) -> None:
    if shutil.which("tcpreplay") is None:
        pytest.skip("tcpreplay is missing")
    from tests.support.captures import pcap

    (tmp_path / "in.pcap").write_bytes(pcap([(number * 1000, frame(number)) for number in range(30_000)]))
    with lan("left", "right") as net, listening(net["right"], blocks=256, kept_blocks=16, filter="") as ring:
        log = tmp_path / "log"
        command = net["left"].command("tcpreplay", "--topspeed", "-i", INTERFACE, str(tmp_path / "in.pcap"))
        with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as replay:
            rows = drained(ring, 30_000, within_s=20)
            assert replay.wait(20) == 0, log.read_text()
        numbers = [int.from_bytes(row[0][42:46], "big") for row in rows if row[3] == 7777]
        assert numbers == list(range(30_000))
        assert ring.stats().drops == 0
