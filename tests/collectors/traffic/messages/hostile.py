"""Feeds Messages what no honest sender sends: a script, so that it also runs with numba's bounds checking."""

import random
import sys
from collections.abc import Iterator

import numpy as np

from collectors.traffic.messages.messages import Messages
from collectors.traffic.messages.settings import MessageSettings
from netmon.api.traffic import Frames, Traffic
from tests.support.local_frames import (
    advertisement,
    arp_reply,
    bpdu,
    lease,
    lease6,
    router,
    solicitation,
)

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
QUESTION = bytes.fromhex("020000000001020000000002080045000000000000004011 0000 0a000001 0a000002".replace(" ", ""))
ASK = bytes.fromhex("000701000001000000000000") + b"\x03www\x07example\x03org\x00\x00\x10\x00\x01"


def udp(payload: bytes, port: int = 53) -> bytes:
    """Return a UDP packet to a port, whatever its payload."""
    header = bytearray(QUESTION)
    header[16:18] = (28 + len(payload)).to_bytes(2)
    return bytes(header) + (40000).to_bytes(2) + port.to_bytes(2) + (8 + len(payload)).to_bytes(2) + bytes(2) + payload


SAMPLES = (
    udp(ASK),
    arp_reply(A, "10.0.0.1", B, "10.0.0.2", vlan=5),
    solicitation(A, "fe80::1", "fe80::2"),
    advertisement(A, "fe80::1"),
    lease("ack", A, "10.0.0.2"),
    lease6(A, "fe80::2", "2001:db8::9", "2001:db8::53"),
    router(A, "fe80::1"),
    bpdu(A, A),
)


def batches(rounds: int) -> Iterator[Traffic]:
    """Return batches of samples that were changed and cut, and of records that say what is not so."""
    # Here, so that the process that checks bounds need not compile the decoder too.
    from collectors.traffic.packet.decode import decode_frames

    rng = random.Random(5)
    for _ in range(rounds):
        frames = []
        for sample in SAMPLES * 4:
            octets = bytearray(sample)
            for _ in range(rng.randrange(6)):
                octets[rng.randrange(len(octets))] = rng.choice([0, 1, 63, 64, 192, 255, rng.randrange(256)])
            frames.append(bytes(octets[: rng.randrange(len(octets) + 1)] if rng.random() < 0.3 else octets))
        traffic = decode_frames(frames)
        if rng.random() < 0.3:  # a decoder that errs: where the payload lies, and what the record says, is not believed
            for name in ("payload_at", "payload_length", "ethertype", "protocol", "icmp_type", "version"):
                column = traffic.records[name]
                column[rng.randrange(len(frames))] = rng.getrandbits(32) % (1 << 8 * column.itemsize)
        yield traffic


def main(path: str) -> None:
    """Feed the batches of a file; print what became of them."""
    messages = Messages(MessageSettings(dns_messages=6, neighbour_messages=20, mac_addresses=64))
    with np.load(path) as arrays:
        for number in range(len(arrays.files) // 3):
            frames = Frames(arrays[f"buffer{number}"], arrays[f"index{number}"])
            messages.add(Traffic(arrays[f"records{number}"], frames))
            if number % 2:
                messages.drain()
    print(*(f"{name}={count}" for name, count in messages.counts.items()))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main(sys.argv[1])
