"""A flow that a store has already is known again; one that differs in anything is another."""

from pathlib import Path

import numpy as np

from exporters.flowstore.again import kept_before
from tests.support.kept_flows import HOUR, kept, many, record


def test_a_flow_that_is_there_and_ones_that_are_not(tmp_path: Path) -> None:
    records = many(200)
    records["reply_bytes"] = 7
    directory = kept(tmp_path / "flows", records)
    assert all(kept_before(directory, row) for row in records[::20])
    for name in ("source_lo", "destination_port", "bytes", "reply_bytes", "end_ns"):
        other = records[60].copy()
        other[name] += 1_000_000 if name == "end_ns" else 1
        assert not kept_before(directory, other), name


def test_no_store_and_a_damaged_one_have_nothing(tmp_path: Path) -> None:
    (row,) = record(end=HOUR + 1)
    assert not kept_before(tmp_path / "none", row)
    directory = kept(tmp_path / "flows", np.concatenate([record(end=HOUR + 1)]))
    (path,) = directory.rglob("*.parquet")
    path.write_bytes(b"nothing")
    assert not kept_before(directory, row)
