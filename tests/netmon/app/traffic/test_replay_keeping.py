"""A replay keeps every flow of its capture, whatever time lies between its packets."""

from pathlib import Path

import polars as pl
import pytest

from netmon.app.traffic.replaying import open_replay
from tests.support.packets import ACK, FIN, SYN, ethernet, ipv4, pcap, tcp

START_NS = 1_767_225_600_000_000_000
S = 10**9


def visits(path: Path, at_s: list[float]) -> Path:
    """Write one short connection at each of these times."""
    frames, start_ns = [], []
    for row, second in enumerate(at_s):
        for part, flags in enumerate((SYN, ACK, FIN | ACK)):
            segment = tcp(flags=flags, source_port=40_000 + row, destination_port=443)
            frames.append(ethernet(ipv4(segment, source="198.51.100.7")))
            start_ns.append(START_NS + round(second * S) + part * S // 10)
    path.write_bytes(pcap(frames, start_ns=start_ns))
    return path


@pytest.mark.parametrize(
    "at_s",
    [
        [0, 3_600],  # an hour in which nothing is open
        [0, 1_000_000, 3_000_000],  # days
        [3_600, 0],  # captures that were joined in the wrong order
        [each * 500.0 for each in range(120)],  # more gaps than are told one by one
    ],
)
def test_flows_are_kept_across_any_gap(at_s: list[float], tmp_path: Path) -> None:
    replay = open_replay(visits(tmp_path / "seen.pcap", at_s), None, tmp_path / "flows")
    list(replay.run())
    assert replay.seen.left == {}
    kept = pl.concat([pl.read_parquet(file) for file in (tmp_path / "flows").rglob("*.parquet")], how="diagonal")
    assert kept["packets"].sum() == replay.seen.packets == 3 * len(at_s)
    assert len(kept) == replay.seen.flows
