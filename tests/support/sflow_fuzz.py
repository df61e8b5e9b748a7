"""Runs the sFlow decoder over damaged datagrams and prints what came of it.

Run as `python -m tests.support.sflow_fuzz ROUNDS`: as it is and with NUMBA_BOUNDSCHECK=1 it must say the same.
"""

import hashlib
import random
import struct
import sys
from collections.abc import Iterator

from collectors.traffic.flows.sflow.sflow import SFlow
from tests.support.packets import ethernet, ipv4, tcp
from tests.support.sflow import (
    batch,
    captured_datagrams,
    counter_sample,
    datagram,
    ethernet_counters,
    expanded_counter_sample,
    expanded_flow_sample,
    extended_gateway,
    extended_switch,
    flow_sample,
    generic_counters,
    processor_counters,
    raw_header,
    sampled_ethernet,
    sampled_ip,
)

NASTY = (0, 1, 2, 3, 4, 7, 0x7F, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF8, 0xFFFF_FFFC, 0xFFFF_FFFF, 1_000_000)


def rich() -> bytes:
    """One datagram with every kind of sample and record that is read."""
    frame = raw_header(ethernet(ipv4(tcp())))
    return datagram(
        flow_sample(extended_switch(7), frame),
        expanded_flow_sample(extended_gateway(1, [[2, 3], [4]]), frame, sequence=2),
        flow_sample(sampled_ethernet(64, b"\2" * 6, b"\4" * 6, 2048), sampled_ip(64, 6, "192.0.2.1", "192.0.2.2")),
        flow_sample(sampled_ip(64, 17, "2001:db8::1", "2001:db8::2")),
        flow_sample(raw_header(ipv4(tcp()), protocol=11)),
        counter_sample(generic_counters(1), ethernet_counters(), processor_counters()),
        expanded_counter_sample(generic_counters(2)),
    )


def damaged(rounds: int) -> Iterator[bytes]:
    """Give every truncation of the rich datagram, then datagrams with words and octets changed at random."""
    whole = rich()
    for length in range(len(whole) + 1):
        yield whole[:length]
    for place in range(0, len(whole), 4):
        for word in NASTY:
            yield whole[:place] + struct.pack("!I", word) + whole[place + 4 :]
    numbers = random.Random(5)
    seeds = [whole, *captured_datagrams()]
    for _ in range(rounds):
        data = bytearray(numbers.choice(seeds))
        for _ in range(numbers.randint(1, 6)):
            place = numbers.randrange(0, len(data) - 4, 4)
            if numbers.random() < 0.6:
                struct.pack_into("!I", data, place, numbers.choice(NASTY))
            else:
                data[place + numbers.randrange(4)] = numbers.getrandbits(8)
        yield bytes(data[: numbers.randrange(len(data))] if numbers.random() < 0.2 else data)


def main() -> None:
    sflow, digest = SFlow(exporters=4), hashlib.sha256()
    for number, data in enumerate(damaged(int(sys.argv[1]))):
        digest.update(sflow.decode(batch([data], exporter=number % 9)).tobytes())
        rows = sflow.counters()
        digest.update(rows.interfaces.tobytes() + rows.processors.tobytes())
    sys.stdout.write(f"{digest.hexdigest()} {sorted(sflow.counts.items())}\n")


if __name__ == "__main__":
    main()
