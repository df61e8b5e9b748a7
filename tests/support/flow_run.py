"""Batches of packets through a small flow table, with what must hold for any: `python -m tests.support.flow_run F`.

F is what `flow_fuzz.save` wrote. Run with NUMBA_BOUNDSCHECK=1, reading or writing outside an array is an error; only
the flow table is compiled for it.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.settings import FlowTableSettings, PairingSettings
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import EndReason, FlowState, Frames


@dataclass(frozen=True)
class Batch:
    """Packets and when the table is drained after them."""

    records: NDArray[np.void]
    buffer: NDArray[np.uint8]
    index: NDArray[np.void]
    framed: bool
    now_ns: int


def run(batches: Iterable[Batch]) -> dict[str, int]:
    """Return what was counted. AssertionError where sums are lost or words unknown."""
    table = FlowTable(FlowTableSettings(flows=64, ended_rows=64, begun_rows=16, active_s=3), seed=3)
    got = np.zeros(2, np.uint64)
    for batch in batches:
        table.add(batch.records, Frames(batch.buffer, batch.index) if batch.framed else None)
        got += _checked(table.drain(batch.now_ns)[1])
    got += _checked(table.finish())
    counts = dict(table.counts)
    assert got[0] + np.uint64(counts["unwritten_packets"]) == counts["packets"]
    assert got[1] + np.uint64(counts["unwritten_bytes"]) == counts["bytes"]
    assert counts["open"] == table.open == 0
    assert counts["begun"] == sum(counts[f"ended_{reason}"] for reason in ("idle", "end", "forced", "evicted"))
    return counts


def _checked(rows: NDArray[np.void]) -> NDArray[np.uint64]:
    """Return packets and bytes of rows; AssertionError for one that says what cannot be."""
    for row in rows:
        assert FlowState(row["state"]) not in {FlowState.UNKNOWN, FlowState.BEGUN}
        assert EndReason(row["end_reason"]) is not EndReason.UNKNOWN
        assert row["packets"] + row["reply_packets"] > 0
        assert row["version"] in {4, 6}
    packets = rows["packets"].sum() + rows["reply_packets"].sum()
    return np.array([packets, rows["bytes"].sum() + rows["reply_bytes"].sum()], np.uint64)


if __name__ == "__main__":
    saved = np.load(Path(sys.argv[1]))
    read = (
        Batch(saved[f"r{n}"], saved[f"b{n}"], saved[f"i{n}"], bool(saved["framed"][n]), int(saved["now"][n]))
        for n in range(len(saved["now"]))
    )
    from collectors.traffic.flowtable.pairing import Pairing

    pairing = Pairing(PairingSettings(records=64, ready_rows=64))
    for number in range(len(saved["now"])):
        exported = saved[f"r{number}"].copy()
        exported["exporter"] = np.resize([0, 1, 4095, 4096, 2**32 - 1], len(exported))
        pairing.add(exported, int(saved["now"][number]))
        pairing.drain(int(saved["now"][number]))
    pairing.finish()
    print(f"bounds checked: {os.environ.get('NUMBA_BOUNDSCHECK') == '1'}", run(read))  # noqa: T201 - its output
