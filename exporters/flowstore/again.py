"""Whether flows are in a store already: a capture that is kept twice doubles every sum."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from exporters.flowstore.files import Scan, Span, look

_NS_IN_MS: Final = 1_000_000
_SAME: Final = (
    "source_hi", "source_lo", "destination_hi", "destination_lo", "source_port", "destination_port", "protocol",
    "vlan", "bytes", "packets", "reply_bytes", "reply_packets",
)  # fmt: skip


def kept_before(directory: Path, flow: np.void) -> bool:
    """Tell whether a flow (a RECORD) is in a store: one that ended in the same millisecond and is the same throughout.

    False where there is no store, and where it cannot be read: that is told when it is written to.
    """
    end_ms = int(flow["end_ns"]) // _NS_IN_MS

    def question(scan: Scan) -> bool:
        same = [pl.col(name) == pl.lit(int(flow[name]), pl.UInt64) for name in _SAME]
        return bool(scan.table.filter(pl.col("end").dt.epoch("ms") == end_ms, *same).limit(1).collect().height)

    try:
        return look(directory, Span(end_ms / 1000 - 0.5, end_ms / 1000 + 0.5), question)
    except (OSError, pl.exceptions.PolarsError):
        return False
