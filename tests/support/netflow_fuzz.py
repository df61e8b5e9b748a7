"""NetFlow datagrams with octets changed, cut and put together anew: nothing of it may disturb the decoder.

    python -m tests.support.netflow_fuzz ROUNDS SEED

Runs also in a process of its own with NUMBA_BOUNDSCHECK=1, where a read past an array's end raises.
"""

import random
import struct
import sys

from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from netmon.api.traffic import RECORD
from tests.support.exporters import (
    NOW_S,
    VARIABLE,
    Field,
    flowset,
    ipfix,
    mixed,
    number,
    options_ipfix,
    options_v9,
    template,
    v5,
    v5_record,
    v9,
)
from tests.support.flow_columns import Lent

_FLOW = [(8, 4), (12, 4), (1, 4), (2, 4), (22, 4), (21, 4), (7, 2), (11, 2), (4, 1), (6, 1), (48, 1)]
_TEXT: list[Field] = [
    (27, 16),
    (28, 16),
    (371, VARIABLE),
    (1, 8),
    (82, VARIABLE),
    (152, 8),
    (153, 8),
    (1, 8, 29305),
    (4, 1),
]
LIMITS = NetFlowSettings(
    max_domains=16, max_templates=6, max_interfaces=8, max_samplers=8, waiting_octets=4_096, waiting_sets=32,
    max_changes_per_s=5_000, max_records=50_000, template_lifetime_s=1,
    waiting_s=5, domain_idle_s=3,
)  # fmt: skip


def seeds() -> list[bytes]:
    """Return messages of every kind, as exporters send them."""
    flow = bytes(range(31))
    text = b"\x20\x01" + b"\0" * 30 + b"\5hello" + b"\0" * 8 + b"\xff\0\3abc" + number(NOW_S * 1000, 8) * 2 + b"\0" * 9
    sampler = b"\0\0\0\0" + b"\3" + number(100, 2)
    return [
        v5([v5_record()] * 3),
        v9(flowset(0, template(300, *_FLOW), template(301, (1, 4), (2, 4))), flowset(300, flow, flow, padding=2)),
        v9(flowset(300, flow), flowset(301, b"12345678" * 2)),
        v9(flowset(1, options_v9(310, [(1, 4)], (48, 1), (50, 2)), padding=2), flowset(310, sampler)),
        v9(flowset(1, options_v9(311, [(2, 4)], (82, 8))), flowset(311, number(7, 4) + b"Gi0/1\0\0\0")),
        ipfix(flowset(2, template(300, *_TEXT)), flowset(300, text, text)),
        ipfix(flowset(3, options_ipfix(312, [(149, 4)], (305, 4), (306, 4), (160, 8))), flowset(312, b"\0" * 20)),
        ipfix(flowset(3, options_ipfix(313, [(10, 4)], (82, VARIABLE))), flowset(313, b"\0\0\0\1\4Gi01")),
        ipfix(flowset(2, number(300, 2) + b"\0\0"), flowset(2, number(2, 2) + b"\0\0")),
    ]


def mutated(message: bytes, rng: random.Random) -> bytes:
    """Return a message that is a little, or much, other than it was."""
    octets = bytearray(message)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(octets)) if octets else 0
        match rng.randrange(7):
            case 0:
                octets[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                octets[at : at + 2] = struct.pack(">H", rng.choice([0, 1, 2, 3, 4, 5, 255, 256, 300, 0x7FFF, 0xFFFF]))
            case 2:
                del octets[at:]
            case 3:
                del octets[at : at + rng.randrange(1, 9)]
            case 4:
                octets[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 5:
                octets += octets[at:]
            case _:
                octets[at : at + 4] = rng.randbytes(4)
    return bytes(octets[:4_000])


def fuzz(rounds: int, seed: int) -> NetFlow:
    """Feed a decoder; AssertionError where it breaks its word."""
    rng = random.Random(seed)
    netflow = NetFlow(LIMITS)
    originals = seeds()
    fed = straight = 0
    for round_ in range(rounds):
        messages = []
        for _ in range(rng.randrange(1, 20)):
            message = rng.choice(originals)
            messages.append((rng.randrange(1, 4), mutated(message, rng) if rng.random() < 0.8 else message))
        batch = mixed(messages)
        batch.index["received_ns"] += round_ * 10**8
        lent = Lent(200, pieces=2) if round_ % 2 else None  # every other batch goes straight to columns where it may
        records = netflow.decode(batch, lent)
        straight += 0 if lent is None else len(lent.rows())
        fed += len(messages)
        assert records.dtype == RECORD
        assert len(records) <= LIMITS.max_records
        assert (records["start_ns"] <= records["end_ns"]).all()
        assert set(records["exporter"].tolist()) <= {1, 2, 3}
    counts = netflow.counts
    assert counts.datagrams == fed
    assert straight > rounds, "blind"
    assert counts.records >= sum(domain.records for domain in netflow.domains())
    assert len(netflow.domains()) <= 3 * LIMITS.max_domains
    assert len(netflow._templates.definitions) <= 3 * LIMITS.max_templates
    assert all(count > 0 for reason, count in counts.dropped.items() if reason in _REACHED), counts.dropped
    return netflow


_REACHED = {
    "short",
    "version",
    "domain_refused",
    "bad_set",
    "reserved_set",
    "bad_record",
    "bad_template",
}  # else: blind


if __name__ == "__main__":
    print(fuzz(int(sys.argv[1]), int(sys.argv[2])).counts)  # noqa: T201 - its answer
