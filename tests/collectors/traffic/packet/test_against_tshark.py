"""Equal to tshark on every field that both have: one run of it over a capture of many shapes."""

import shutil
from pathlib import Path
from random import Random

import pytest

from netmon.api.traffic import Tunnel
from tests.support.dissected import compare, ours, tshark
from tests.support.packet_stacks import ALL_TUNNELS, frame, tunnelled
from tests.support.packets import decoded, ethernet, ipv4, ipv6, tcp, udp

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def test_frames_of_every_shape(tmp_path: Path) -> None:
    random = Random(20260101)
    frames = [frame(random) for _ in range(600)]
    assert compare(tshark(tmp_path, frames), frames) > 6000


def test_what_is_inside_tunnels(tmp_path: Path) -> None:
    random = Random(20260102)
    drawn = [tunnelled(random) for _ in range(300)]
    frames = [frame_ for frame_, _ in drawn]
    rows = tshark(tmp_path, frames)
    # tshark has no switch for what lies inside: where VLAN tags or labels were, its first ones are the outer frame's.
    assert compare(rows, frames, tunnels=ALL_TUNNELS) > 3000
    assert [Tunnel(kind) for kind in decoded(frames, 1, ALL_TUNNELS).records["tunnel"]] == [kind for _, kind in drawn]


def test_the_outer_packet_where_nobody_asked_for_the_inner(tmp_path: Path) -> None:
    random = Random(20260103)
    frames = [tunnelled(random)[0] for _ in range(100)]
    for row, record in zip(tshark(tmp_path, frames), decoded(frames).records, strict=True):
        layer = next(layer for layer in row["frame.protocols"][0].split(":") if layer in {"ip", "ipv6"})
        assert ours(record)["source"] == row[f"{layer}.src"][0]
        assert record["tunnel"] == Tunnel.NONE


@pytest.mark.parametrize("link_type", [101, 12, 14, 228, 229, 0, 108, 113, 276])
def test_other_link_types(tmp_path: Path, link_type: int) -> None:
    packets = [ipv4(tcp(b"abc")), ipv4(udp(b"abc")), ipv6(tcp(b"abc")), ipv6(udp(b"abcd"))]
    if link_type in {228, 229}:
        packets = [one_ for one_ in packets if (one_.protocol == 4) == (link_type == 228)]
    frames = []
    for packet in packets:
        ethertype = b"\x08\0" if packet.protocol == 4 else b"\x86\xdd"
        cooked = b"\0\0\0\1\0\6\2\0\0\0\0\x09\0\0" + ethertype
        cooked2 = ethertype + b"\0\0\0\0\0\x05\0\1\0\6\2\0\0\0\0\x09\0\0"
        family = 2 if packet.protocol == 4 else 30
        before = {0: family.to_bytes(4, "little"), 108: family.to_bytes(4, "big"), 113: cooked, 276: cooked2}
        frames.append(before.get(link_type, b"") + packet)
    assert compare(tshark(tmp_path, frames, link_type), frames, link_type) >= 4 * len(frames)


def test_what_a_vlan_tag_of_the_old_kind_holds(tmp_path: Path) -> None:
    frames = [ethernet(ipv4(udp(b"x")), vlans=[3], tag=0x9100), ethernet(ipv4(udp(b"x")), vlans=[3, 4], tag=0x9100)]
    rows = tshark(tmp_path, frames)
    for row, record in zip(rows, decoded(frames).records, strict=True):
        assert [str(v) for v in (record["vlan"], record["inner_vlan"]) if v] == row["ieee8021ad.id"] + row["vlan.id"]
        assert int(record["source_port"]) == int(row["udp.srcport"][0])
