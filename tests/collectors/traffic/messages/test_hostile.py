"""Messages cut, forged and too many: nothing is read past a frame, everything is counted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP
from scapy.packet import Raw

from collectors.traffic.messages.messages import Messages
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.packet.decode import decode_frames
from collectors.traffic.packet.sums_kernel import SUMS
from netmon.api.traffic import RECORD, Frames, Notes, Traffic, mac_text
from tests.collectors.traffic.messages.hostile import ASK, SAMPLES, batches, udp
from tests.support.bounds import checked_cache
from tests.support.local_frames import arp_request, gratuitous, lease, link, said
from tests.support.local_talk import read

ROOT = Path(__file__).parents[4]


def rows(frame: bytes) -> list[bytes]:
    kept = read([frame])
    return [table.tobytes() for table in (kept.dns, kept.neighbours, kept.leases, kept.routers, kept.bridges)]


@pytest.mark.parametrize("sample", SAMPLES, ids=["dns", "arp", "ns", "na", "dhcp", "dhcpv6", "ra", "bpdu"])
def test_cut_at_every_octet_and_with_octets_behind(sample: bytes) -> None:
    whole = rows(sample)
    assert any(whole)
    assert rows(sample + b"\xff" * 7) == whole
    messages = Messages()
    lengths = range(len(sample))
    messages.add(decode_frames([sample[:length] for length in lengths], wire=[len(sample)] * len(sample)))
    kept = messages.drain()
    for table in (kept.dns, kept.neighbours, kept.leases, kept.routers, kept.bridges):
        for row in table:
            if not row["at_ns"]:  # what was read is all there, where what followed was padding or options
                assert row["frame_mac" if "frame_mac" in row.dtype.names else "query_type"]
    taken = sum(count for name, count in messages.counts.items() if name.endswith("_taken") and "macs" not in name)
    assert taken < len(sample) / 2


@given(st.binary(max_size=120))
def test_any_octets_as_a_question_are_a_name_or_malformed(payload: bytes) -> None:
    messages = Messages()
    messages.add(decode_frames([udp(payload), udp(ASK + payload)]))
    counts, kept = messages.counts, messages.drain()
    assert counts["dns_taken"] + counts["dns_malformed"] == 2
    assert kept.dns[-1]["name"] == b"www.example.org"
    for row in kept.dns:
        assert len(row["name"]) == row["name_length"]


@pytest.mark.parametrize(
    "question",
    [
        ASK[:12] + b"\xc0\x0c\x00\x10\x00\x01",  # a compression pointer, to itself
        ASK[:12] + b"\x40abc\x00\x00\x10\x00\x01",  # an extended label type
        ASK[:12] + (b"\x3f" + b"a" * 63) * 4 + b"\x00\x00\x10\x00\x01",  # 257 octets
        ASK[:12] + b"\x05abc",  # ends early
        ASK[:12] + b"\x03abc\x00\x00\x10",  # no class
        ASK[:11],
    ],
)
def test_names_that_cannot_be(question: bytes) -> None:
    messages = Messages()
    messages.add(decode_frames([udp(question)]))
    assert messages.counts["dns_malformed"] == 1
    assert not len(messages.drain().dns)


def test_the_longest_name_and_octets_that_are_not_printable() -> None:
    longest = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"B" * 61
    (row,) = read([udp(ASK[:12] + longest + b"\x00\x00\x10\x00\x01")]).dns
    assert row["name_length"] == 253
    assert row["name"] == b".".join([b"a" * 63] * 3 + [b"b" * 61])
    (row,) = read([udp(ASK[:12] + b"\x05\x00\xff.\x7f \x00\x00\x10\x00\x01")]).dns
    assert row["name"] == b"???? "


def test_a_name_leaves_nothing_for_the_next_one() -> None:
    messages = Messages()
    short = ASK[:12] + b"\x01x\x00\x00\x10\x00\x01"
    cut = ASK[:12] + b"\x03abc\x03def"
    for _ in range(2):
        messages.add(decode_frames([udp(cut), udp(ASK), udp(short)]))
        assert messages.drain().dns["name"].tolist() == [b"www.example.org", b"x"]


LABEL = st.text("azAZ09-_.\x00\x1f ~\x7f\x80\xffmM@[`{", min_size=1, max_size=40).map(
    lambda text: text.encode("latin-1")
)


@given(st.lists(LABEL, max_size=6))
def test_any_labels_as_a_plain_reading_has_them(labels: list[bytes]) -> None:
    wire = b"".join(bytes([len(label)]) + label for label in labels)
    kept = read([udp(ASK[:12] + wire + b"\x00\x00\x10\x00\x01")]).dns
    clean = [bytes(c if 32 <= c < 127 and c != 46 else 63 for c in label.lower()) for label in labels]
    assert kept["name"].tolist() == [b".".join(clean)]
    assert kept["name_length"].tolist() == [len(b".".join(clean))]


def test_windows_that_were_handed_over_stay_as_they_were() -> None:
    """Many messages are handed over without a copy: whoever still has them must not see the next ones."""
    messages = Messages(MessageSettings(dns_messages=400))
    kept = []
    for window in range(6):
        names = [b"%c%d" % (97 + window, n) * (1 + (n + window) % 9) for n in range(300 + window)]
        asked = [ASK[:12] + bytes([len(name)]) + name + b"\x00\x00\x10\x00\x01" for name in names]
        messages.add(decode_frames([udp(each) for each in asked]))
        kept.append((names, messages.drain().dns["name" if window % 2 else ["name", "size"]]))
        if window == 3:
            del kept[0], kept[1]  # which are then used again
        for names, rows in kept:
            assert (rows if rows.dtype.names is None else rows["name"]).tolist() == names


@pytest.mark.parametrize("touched", [False, True])
def test_two_tables_are_enough_where_each_window_is_let_go(touched: bool) -> None:
    messages = Messages(MessageSettings(dns_messages=400))
    if touched:
        messages.touch()
    places = set()
    for _ in range(6):
        messages.add(decode_frames([udp(ASK)] * 300))
        places.add(messages.drain().dns.ctypes.data)
    assert len(places) == 2


def test_multicast_names_and_other_ports_are_not_taken() -> None:
    kept = read([udp(ASK, 5353), udp(ASK, 5355), udp(ASK, 54)])
    assert not len(kept.dns)


def test_caps_are_kept_and_counted() -> None:
    settings = MessageSettings(
        dns_messages=3, neighbour_messages=2, lease_messages=1, router_messages=1, bridge_messages=1, mac_addresses=4
    )
    messages = Messages(settings)
    macs = [mac_text(0x0200_0000_0000 + n) for n in range(40)]
    for _ in range(2):
        messages.add(
            decode_frames([udp(ASK)] * 5 + list(SAMPLES[4:]) * 2 + [gratuitous(mac, "10.0.0.9") for mac in macs])
        )
        kept = messages.drain()
        assert [len(table) for table in (kept.dns, kept.neighbours, kept.leases, kept.routers, kept.bridges)] == [
            3, 2, 1, 1, 1,
        ]  # fmt: skip
        assert len(kept.macs) == 4
    counts = messages.counts
    assert counts["dns_over_cap"] == 4
    assert counts["neighbours_over_cap"] == 2 * 38
    assert counts["leases_over_cap"] == 2 * 3
    assert counts["bridges_over_cap"] == 2
    assert counts["macs_over_cap"] == 2 * (40 - 4)


def test_macs_are_told_once_with_their_packets_and_an_address() -> None:
    frames = [arp_request("02:00:00:00:00:07", "10.0.0.7", "10.0.0.1")]
    frames += [said("02:00:00:00:00:07", "10.0.0.7")] * 4 + [said("02:00:00:00:00:07", "10.0.0.7", vlan=3)]
    kept = read(frames).macs
    assert [(row["vlan"], row["packets"], row["lo"] & 0xFF) for row in kept] == [(0, 5, 7), (3, 1, 7)]


def test_captures_of_any_interface_have_no_ethernet_header() -> None:
    """LINKTYPE_LINUX_SLL (113) and its second version (276)."""
    octets = arp_request("02:00:00:00:00:07", "10.0.0.7", "10.0.0.1")
    address = octets[6:12] + bytes(2)
    first = bytes([0, 1, 0, 1, 0, 6]) + address + octets[12:]
    second = octets[12:14] + bytes(2) + bytes([0, 0, 0, 1, 0, 1, 1, 6]) + address + octets[14:]
    for link_type, frame in ((113, first), (276, second)):
        (row,) = read([frame], link_type=link_type).neighbours
        assert mac_text(row["claimed_mac"]) == mac_text(row["frame_mac"]) == "02:00:00:00:00:07"
    assert not len(read([octets], link_type=101).neighbours)


def test_with_and_without_a_decoders_notes_the_same_is_found() -> None:
    frames = [*SAMPLES, said("02:00:00:00:00:07", "10.0.0.7"), udp(ASK, 53), said("00:00:00:00:00:00", "10.0.0.8")]
    frames += [one[:12] + b"\x81\x00\x00\x05" + one[12:] for one in frames]  # also with a tag
    frames += [
        said("02:00:00:00:00:09", "0.0.0.0"),
        said("02:00:00:00:00:09", "10.0.0.9"),
        said("03:00:00:00:00:01", "10.0.0.3"),
    ]
    noted, bare = Messages(), Messages()
    for some in (frames, frames * 2, [udp(b"x", 443)] * 3):
        traffic = decode_frames(some, start_ns=range(1, len(some) + 1))
        assert traffic.notes is not None
        assert len(traffic.notes.rows) < len(some)
        noted.add(traffic)
        bare.add(Traffic(traffic.records, traffic.frames))
        one, other = noted.drain(), bare.drain()
        for kind in ("dns", "neighbours", "leases", "routers", "bridges", "macs"):
            assert getattr(one, kind).tobytes() == getattr(other, kind).tobytes()
    assert noted.counts == bare.counts
    assert (
        min(noted.counts[f"{kind}_taken"] for kind in ("dns", "neighbours", "leases", "routers", "bridges", "macs")) > 0
    )


def test_rows_and_stations_that_cannot_be_are_not_believed() -> None:
    messages = Messages()
    traffic = decode_frames([udp(ASK)])
    notes = Notes(np.zeros(SUMS, np.uint64), np.array([0, 1, 2**32 - 1], np.uint32), np.zeros(0, np.uint64))
    messages.add(Traffic(traffic.records, traffic.frames, notes))
    assert messages.counts["dns_taken"] == messages.counts["macs_taken"] == 1


def test_records_without_frames_and_empty_batches_hold_nothing() -> None:
    messages = Messages()
    messages.add(Traffic(np.zeros(3, RECORD)))
    messages.add(Traffic(np.zeros(0, RECORD), Frames(np.zeros(0, np.uint8), np.zeros(0, "V16"))))
    assert not len(messages.drain().macs)


def test_options_that_go_on_in_other_fields_and_the_default_route_of_option_121() -> None:
    """RFC 2132, 9.3 and RFC 3442: what a client obeys, and where a forger hides it."""
    plain = bytearray(lease("ack", "02:00:00:00:00:01", "10.0.0.2", gateway="10.0.0.1"))
    at = plain.index(b"\x63\x82\x53\x63") + 4
    behind = bytes([53, 1, 5, 54, 4, 10, 0, 0, 2, 52, 1, 1, 255])
    frame = plain[:at] + behind + bytes(len(plain) - at - len(behind))
    frame[at - 4 - 128 : at - 4 - 128 + 7] = bytes([3, 4, 10, 0, 0, 66, 255])
    (row,) = read([bytes(frame)]).leases
    assert row["router_lo"] & 0xFF == 66
    routes = bytes([53, 1, 5, 3, 4, 10, 0, 0, 1, 121, 14, 24, 10, 1, 1, 10, 0, 0, 9, 0, 10, 0, 0, 77, 0, 255])
    frame = plain[:at] + routes + bytes(len(plain) - at - len(routes))
    (row,) = read([bytes(frame)]).leases
    assert row["router_lo"] & 0xFF == 77


def test_several_messages_of_one_segment_and_a_part_of_one() -> None:
    def segment(payload: bytes) -> bytes:
        network = link("02:00:00:00:00:01", "02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2")
        return bytes(network / TCP(sport=40000, dport=53, flags="PA") / Raw(payload))

    one = len(ASK).to_bytes(2) + ASK
    messages = Messages()
    messages.add(decode_frames([segment(one), segment(one + one), segment(one[:-1]), segment(one + b"\x00")]))
    assert messages.counts["dns_taken"] == 3
    assert messages.counts["dns_other"] == 2
    assert set(messages.drain().dns["over_tcp"]) == {1}


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forged") / "batches.npz"
    arrays: dict[str, Any] = {}
    for number, traffic in enumerate(batches(300)):
        assert traffic.frames is not None
        arrays[f"buffer{number}"] = traffic.frames.buffer
        arrays[f"index{number}"] = traffic.frames.index
        arrays[f"records{number}"] = traffic.records
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("checked", ["0", "1"])
def test_nothing_is_read_past_a_frame(checked: str, forged: Path) -> None:
    """In a process of its own: bounds checking is chosen when numba compiles."""
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": checked, "PYTHONPATH": str(ROOT)}
    if checked == "1":
        environment["NUMBA_CACHE_DIR"] = checked_cache()
    done = subprocess.run(
        [sys.executable, "-m", "tests.collectors.traffic.messages.hostile", str(forged)],
        capture_output=True, text=True, timeout=200, check=False, cwd=ROOT, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    counts = dict(pair.split("=") for pair in done.stdout.split())
    for kind in ("dns", "neighbours", "leases", "routers", "bridges"):
        assert int(counts[f"{kind}_taken"]) > 100
        assert int(counts[f"{kind}_malformed"]) > 10
