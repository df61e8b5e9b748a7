"""The way of plain packets against the one that knows everything: a tag of VLAN 0 before it sends any packet there."""

from random import Random
from typing import Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.packet.decode import allocate
from collectors.traffic.packet.decode_kernel import decode_noting
from collectors.traffic.packet.sums_kernel import SUMS, VERDICT
from netmon.api.traffic import RECORD, Traffic
from tests.support.packet_fuzz import mutated, placed
from tests.support.packet_stacks import ALL_TUNNELS, frame, tunnelled
from tests.support.packets import decoded, ethernet, ipv4, ipv6, tcp, udp

_TAG: Final = bytes.fromhex("81000000")
_PLAIN: Final = b"\x08\x00", b"\x86\xdd"  # frames of other types do not come to it


def compared(frames: list[bytes], wire: list[int], tunnels: int) -> None:
    """Assert that frames say the same with a tag before their packet, which has no place on the plain way."""
    plain = decoded(frames, wire=wire, tunnels=tunnels).records
    tagged = [one[:12] + _TAG + one[12:] for one in frames]
    known = decoded(tagged, wire=[length + 4 for length in wire], tunnels=tunnels).records
    known["bytes"] -= 4
    known["payload_at"][known["payload_at"] > 0] -= 4
    for name in RECORD.names or ():
        differs = np.flatnonzero(plain[name] != known[name])
        assert not len(differs), (name, frames[differs[0]].hex(), wire[differs[0]])


def test_mutated_frames_say_the_same_on_both_ways() -> None:
    random = Random(17)
    originals = [frame(random) for _ in range(150)] + [tunnelled(random)[0] for _ in range(50)]
    for tunnels in (0, ALL_TUNNELS):
        chosen = [
            one for one in (mutated(random, random.choice(originals)) for _ in range(8_000)) if one[12:14] in _PLAIN
        ]
        assert len(chosen) > 1_000
        wire = [random.choice([len(one), len(one), len(one) + 9, 70_000]) for one in chosen]
        compared(chosen, wire, tunnels)


HEADS = st.sampled_from(
    [ethernet(ipv4(tcp(b"abcdefgh"))), ethernet(ipv4(udp(b"abc"))), ethernet(ipv6(tcp())), ethernet(ipv6(udp(b"abc")))]
)


@settings(max_examples=300, deadline=None)
@given(HEADS, st.lists(st.tuples(st.integers(14, 74), st.integers(0, 255)), max_size=4), st.integers(14, 90))
def test_any_octet_of_a_header(head: bytes, changes: list[tuple[int, int]], length: int) -> None:
    octets = bytearray(head)
    for at, value in changes:
        octets[min(at, len(octets) - 1)] = value
    compared([bytes(octets)[:length]], [len(head)], ALL_TUNNELS)


def test_all_fields_of_a_packet_are_written_on_both_ways() -> None:
    frames = [ethernet(ipv4(tcp(b"x"))), ethernet(ipv6(udp(b"xy"))), ethernet(ipv4(udp()), vlans=[9])]
    buffer, index = placed(frames, [len(one) for one in frames], 0)
    times, tags = np.array([7, 5, 6], np.uint64), np.array([0x8100_0007, 0x88A8_F123, 0], np.uint32)
    _, before = allocate(len(frames))
    before.view(np.uint8)[:] = 0xEE
    records = before.copy()
    sums, noted, stations = np.full(SUMS, 99, np.uint64), np.zeros(3, np.uint32), np.zeros(3, np.uint64)
    rows = decode_noting(buffer, index, times, tags, records, len(frames), 1, 0, sums, noted, stations)
    assert noted[: int(rows)].tolist() == [1, 2]  # to port 53, and what is not plain
    assert stations.tolist() == [
        mac | vlan << 48 for mac, vlan in zip((int.from_bytes(one[6:12]) for one in frames), (7, 0x123, 9), strict=True)
    ]
    packet = [name for name in RECORD.names or () if RECORD.fields[name][1] < 128]  # type: ignore[index]
    expected = Traffic(decoded(frames, start_ns=times.tolist()).records).records
    expected["vlan"] = 7, 0x123, 9
    assert records[packet].tolist() == expected[packet].tolist()
    octets = records.view(np.uint8).reshape(len(frames), -1)
    assert (octets[:, 128:] == 0xEE).all()  # the flow's part
    assert sums[:VERDICT].tolist() == [3, sum(map(len, frames)), 5, 7]
    assert sums[VERDICT:].tolist() == [3] + [0] * (SUMS - 5)
