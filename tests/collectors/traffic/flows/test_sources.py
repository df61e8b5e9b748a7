"""The sorting of a batch beside the same in plain Python, for senders and lengths that no kernel would give too."""

import random
import socket
import struct
from collections import Counter
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import numpy as np

from collectors.traffic.flows.datagrams import DATAGRAM
from collectors.traffic.flows.exporters import Exporters
from collectors.traffic.flows.sources_kernel import COUNTS, MESSAGE, NAME_BYTES, admit
from netmon.api.traffic import halves

SLOT = 64
BATCH = 128
ALLOW = [ip_network("10.0.0.0/29"), ip_network("2001:db8::/126"), ip_network("192.0.2.9/32")]
HEADS = [b"\0\5\0\1", b"\0\x09\0\1", b"\0\x0a\0\1", b"\0\0\0\5", b"\0\0\0\4", b"\0\x06\0\1", b"\0\5", b""]


def name_of(address: IPv4Address | IPv6Address) -> bytes:
    if address.version == 4:
        return struct.pack("=H", socket.AF_INET) + b"\x12\x34" + address.packed
    return struct.pack("=H", socket.AF_INET6) + b"\x12\x34" + bytes(4) + address.packed + bytes(4)


def allowed(address: IPv4Address | IPv6Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain.version == each.version and plain in each for each in ALLOW)


def test_batches_are_sorted_as_plain_python_would() -> None:
    numbers = random.Random(11)
    addresses = [ip_address(0x0A00_0000 + n) for n in range(12)] + [
        ip_address((0x20010DB8 << 96) + n) for n in range(6)
    ]
    addresses += [ip_address("192.0.2.9"), ip_address("::"), ip_address("::ffff:10.0.0.1"), ip_address("0.0.0.0")]
    exporters = Exporters({halves("192.0.2.9"): "core"}, ALLOW, capacity=10)
    counts = np.zeros(len(COUNTS), np.uint64)
    rows: dict[tuple[int, int], int] = {halves("192.0.2.9"): 1}
    expected: Counter[str] = Counter()
    for _ in range(40):
        buffer = np.zeros(BATCH * SLOT, np.uint8)
        names = np.zeros(BATCH * NAME_BYTES, np.uint8)
        messages = np.zeros(BATCH, MESSAGE)
        flows, samples = np.zeros(BATCH, DATAGRAM), np.zeros(BATCH, DATAGRAM)
        wanted: list[tuple[bool, int, int, int]] = []
        for place in range(BATCH):
            address = numbers.choice(addresses)
            name = name_of(address) if numbers.random() < 0.98 else b"\x01\0" + bytes(20)
            head = numbers.choice(HEADS)
            length = len(head) if len(head) < 4 else numbers.choice((len(head), SLOT, SLOT + 500))
            cut = numbers.random() < 0.05
            names[place * NAME_BYTES :][: len(name)] = np.frombuffer(name, np.uint8)
            buffer[place * SLOT :][: len(head)] = np.frombuffer(head, np.uint8)
            messages[place]["length"], messages[place]["flags"] = length, 0x20 if cut else 0
            expected["received"] += 1
            if name[0] == 1:
                expected["not_ip"] += 1
                continue
            key = halves(address)
            if key not in rows:
                if not allowed(address):
                    expected["refused"] += 1
                    continue
                if len(rows) >= 10:
                    expected["no_room"] += 1
                    continue
                rows[key] = len(rows) + 1
            if cut:
                expected["truncated"] += 1
            elif head[:2] in (b"\0\5", b"\0\x09", b"\0\x0a") and len(head) == 4:
                expected["netflow"] += 1
                wanted.append((True, place * SLOT, min(length, SLOT), rows[key]))
            elif head == b"\0\0\0\5":
                expected["sflow"] += 1
                wanted.append((False, place * SLOT, min(length, SLOT), rows[key]))
            else:
                expected["unknown_version"] += 1
        n, m = admit(
            buffer, messages, names, BATCH, SLOT, 99, exporters.rows, exporters.slots, exporters.ranges,
            exporters.used, exporters.refused, flows, samples, counts,
        )  # fmt: skip
        columns = ["at", "length", "exporter"]
        got = [(kind, *row) for kind, out in ((True, flows[:n]), (False, samples[:m])) for row in out[columns].tolist()]
        assert sorted(got) == sorted(wanted)
    assert dict(zip(COUNTS, counts.tolist(), strict=True)) == {name: expected[name] for name in COUNTS}
    assert min(expected[name] for name in COUNTS) > 0  # all of them were tried
    assert sum(each.datagrams for each in exporters) == sum(
        expected[name] for name in ("netflow", "sflow", "truncated", "unknown_version")
    )
