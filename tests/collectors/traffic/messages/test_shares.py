"""More DNS messages than there is room for: who asks little is kept whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.messages.messages import Messages
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.packet.decode import decode_frames
from tests.collectors.traffic.messages.hostile import ASK, udp


def asked_by(client: int, place: int) -> bytes:
    frame = bytearray(udp(ASK[:12] + b"\x08%08d\x00\x00\x10\x00\x01" % place))
    frame[26:30] = (0x0A00_0000 + client).to_bytes(4)
    return bytes(frame)


@pytest.mark.parametrize("first", [True, False])
def test_who_asks_little_is_kept_whole_whoever_asks_much_before_or_after(first: bool) -> None:
    messages = Messages(MessageSettings(dns_messages=4_096))
    few = [asked_by(1 + client, place) for client in range(40) for place in range(10)]
    many = [asked_by(7_000 + place % 2, place) for place in range(1_000)]
    chance = 0
    for _ in range(3):
        messages.add(decode_frames(few if first else many))
        for _ in range(9):
            messages.add(decode_frames(many))
        messages.add(decode_frames(many if first else few))
        dns = messages.drain().dns
        assert len(dns) <= 4_096
        clients, counts = np.unique(dns["client_lo"] & 0xFFFF, return_counts=True)
        told = dict(zip(clients.tolist(), counts.tolist(), strict=True))
        chance += sum(told.get(1 + client) != 10 for client in range(40))
        assert told[7_000] + told[7_001] > 1_500
        assert dns["name"][dns["client_lo"] & 0xFFFF == 5].tolist() == [b"%08d" % n for n in range(10)]
    assert chance <= 2  # who shares a place with one of the two, of 2,048
    counts = messages.counts
    assert counts["dns_taken"] + counts["dns_over_cap"] == 3 * 10_400


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), max_size=5), max_size=5))
@settings(max_examples=40)
def test_what_is_kept_is_what_each_client_asked(batches: list[list[tuple[int, int]]]) -> None:
    messages = Messages(MessageSettings(dns_messages=64))
    asked: dict[int, list[bytes]] = {}
    for batch in batches:
        frames = []
        for client, times in batch:
            for _ in range(times):
                name = b"%08d" % len(asked.setdefault(client, []))
                asked[client].append(name)
                frames.append(asked_by(client, int(name)))
        messages.add(decode_frames(frames))
    kept: dict[int, list[bytes]] = {}
    dns = messages.drain().dns
    for lo, name in zip((dns["client_lo"] & 0xFFFF).tolist(), dns["name"].tolist(), strict=True):
        kept.setdefault(lo, []).append(name)
    total = sum(map(len, asked.values()))
    assert messages.counts["dns_taken"] == len(dns) <= 64
    assert messages.counts["dns_taken"] + messages.counts["dns_over_cap"] == total
    assert len(dns) >= min(total, 16)
    for client, names in kept.items():
        assert names == sorted(set(names) & set(asked[client]))  # each once, as it was asked, in order
