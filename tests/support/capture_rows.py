"""What was read of a capture file, as plain rows."""

from collections.abc import Iterator
from pathlib import Path

from collectors.traffic.capture.files import Counts, open_capture
from netmon.api.traffic import Traffic
from tests.support.captures import FRAME

T0 = 1_700_000_000_123_456_789
PACKETS = [(T0, FRAME), (T0 + 1_000, FRAME + b"more"), (T0 + 2_000_000_000, FRAME[:20])]
ORDERS = ["<", ">"]
Row = tuple[int, int, int, bytes]  # Unix nanoseconds, captured, wire, octets


def rows(batches: Iterator[Traffic]) -> Iterator[Row]:
    for batch in batches:
        assert batch.frames is not None
        buffer = batch.frames.buffer
        for time_ns, frame in zip(batch.records["start_ns"].tolist(), batch.frames.index.tolist(), strict=True):
            at, captured, wire = frame
            yield time_ns, captured, wire, buffer[at : at + captured].tobytes()


def read(tmp_path: Path, octets: bytes) -> tuple[list[Row], Counts]:
    path = tmp_path / "capture"
    path.write_bytes(octets)
    with open_capture(path) as capture:
        return list(rows(capture.batches())), capture.counts


def as_rows(packets: list[tuple[int, bytes]], unit: int = 1) -> list[Row]:
    return [(time_ns // unit * unit, len(octets), len(octets), octets) for time_ns, octets in packets]
