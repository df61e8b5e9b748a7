"""The ring on real interfaces, in network namespaces: what tcpdump sees, what is lost, what is kept."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from collectors.traffic.capture.evidence import write_pcap
from collectors.traffic.capture.files import open_capture
from collectors.traffic.capture.pack_kernel import pack
from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.ring_kernel import point, put_away, ready, walk_block, walk_next
from collectors.traffic.capture.settings import RingSettings
from netmon.api.traffic import Traffic
from tests.support.netns import INTERFACE, lan
from tests.support.ring_cable import HEADER, cable, drained, frame, listening, octets
from tests.support.waiting import eventually_sync

COMPILED = (pack, point, put_away, ready, walk_block, walk_next)


def test_all_is_compiled_when_it_is_open(
    tmp_path: Path,
) -> None:  # first of all, before others let something be compiled
    with cable() as (net, send), listening(net["right"], kept_blocks=4) as ring:
        compiled = [list(each.signatures) for each in COMPILED]
        send([frame(1), frame(2)])
        drained(ring, 2)
        chosen = [each.only(each.times_ns > 0) for each in ring.recent()]
        assert write_pcap(tmp_path / "all", ring.recent(), max_bytes=10_000).packets == 2
        assert write_pcap(tmp_path / "chosen", chosen, max_bytes=10_000).packets == 2
        assert [list(each.signatures) for each in COMPILED] == compiled


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
