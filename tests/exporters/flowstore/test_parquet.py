"""Our Parquet is read by polars as what was kept: all columns, few and many values, groups of any size."""

import os
import subprocess
import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporters.flowstore import dictionaries, parquet
from exporters.flowstore.columns import Callers
from exporters.flowstore.memory import Room
from exporters.flowstore.pages import Encoder
from exporters.flowstore.parquet import Order, packed
from exporters.flowstore.schema import COLUMNS, DEFAULTS, FORMAT
from exporters.flowstore.sites import Sites
from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED, RECORD
from tests.support.kept_flows import EXPORTERS, HOUR, NETWORKS, held, many, written

ROOT = Path(__file__).parents[3]
KINDS = ("nothing", "one", "two", "few", "near", "any")


def made(rows: int, kinds: dict[str, str], seed: int) -> NDArray[np.void]:
    """Return records of which each field has no value but 0, one, two, some, some that are near, or any."""
    rng = np.random.default_rng(seed)
    records = np.zeros(rows, RECORD)
    for name, kind in kinds.items():
        numbers = rng.integers(0, np.iinfo(RECORD[name]).max, rows, RECORD[name].base, endpoint=True)
        if kind == "near":
            numbers |= RECORD[name].type(np.iinfo(RECORD[name]).max >> 17 << 17)
        several = min(rows, {"nothing": 0, "one": 1, "two": 2, "few": 50, "near": 700, "any": rows}[kind])
        records[name] = numbers[:several][rng.integers(0, several, rows)] if several else 0
    records["end_ns"] = HOUR * 10**9 + rng.integers(0, 3_600 * 10**9, rows)
    return records


def expected(records: NDArray[np.void]) -> pl.DataFrame:
    """Return what the columns have to be, by numpy alone."""
    end, start = records["end_ns"] // 10**6, records["start_ns"] // 10**6
    lasted = np.where(start < end, end - start, 0).clip(max=2**32 - 1)
    found = {
        "end": pl.Series(end.astype(np.int64)).cast(pl.Datetime("ms", "UTC")),
        "duration_ms": pl.Series(lasted.astype(np.uint32)),
        "exporter": pl.Series(
            [EXPORTERS[row] if row < len(EXPORTERS) else f"exporter {row}" for row in records["exporter"].tolist()]
        ).cast(pl.String),
    }
    for end_name in ("source", "destination"):
        sites = [
            NETWORKS.site_of(int(row[f"{end_name}_hi"]), int(row[f"{end_name}_lo"]))
            for row in records[[f"{end_name}_hi", f"{end_name}_lo"]]
        ]
        found[f"{end_name}_site"] = pl.Series(sites, dtype=pl.String)
    for column in COLUMNS:
        if column.name not in found:
            found[column.name] = pl.Series(records[column.name].copy())
    return pl.DataFrame({column.name: found[column.name] for column in COLUMNS})


def check(records: NDArray[np.void], sizes: list[int], *, good: bool) -> None:
    """Compare a file of records with what polars reads of it."""
    read = pl.read_parquet(BytesIO(written(records, sizes, good=good)))
    wanted = expected(records)
    for name in set(DEFAULTS) - set(read.columns):
        assert (wanted[name] == DEFAULTS[name]).all(), name
    wanted = wanted.select(read.columns)
    assert read.select(pl.exclude(pl.Categorical)).schema == wanted.select(pl.exclude(pl.String)).schema
    read = read.with_columns(pl.col(pl.Categorical).cast(pl.String))
    if good:
        read, wanted = read.sort(pl.all()), wanted.sort(pl.all())
    assert read.equals(wanted)


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.booleans())
def test_polars_reads_what_was_kept(data: st.DataObject, good: bool, small: bool) -> None:
    names = st.sampled_from([name for name in RECORD.names or () if name != "end_ns"])
    kinds = data.draw(st.dictionaries(names, st.sampled_from(KINDS), max_size=12))
    rows = data.draw(st.one_of(st.integers(1, 40), st.integers(1, 3_000)))
    sizes = data.draw(st.lists(st.integers(1, rows), max_size=2))
    with pytest.MonkeyPatch.context() as patch:
        if small:  # dictionaries that are full at once, groups of a hundred: each other way of packing
            patch.setattr(dictionaries, "DISTINCT_MAX", 16)
            patch.setattr(parquet, "_GROUP_RECORDS", 100)
            patch.setattr(parquet, "ROWS_MAX", 150)
        check(made(rows, kinds, data.draw(st.integers(0, 2**32))), sizes, good=good)


def test_more_values_than_a_dictionary_takes() -> None:
    kinds = dict.fromkeys(("source_lo", "destination_lo", "source_mac", "source_as", "bytes"), "any")
    check(made(70_000, kinds, 1), [32_768, 32_768], good=True)


@pytest.mark.parametrize("several", [20_000, 60_000])
def test_values_that_are_too_unlike_for_a_dictionary(several: int) -> None:
    """Addresses of one network, sizes, 63 bits of anything, numbers of 17, of 32 and of 16 bits."""
    rng, rows = np.random.default_rng(several), 60_000
    records = made(rows, {"protocol": "few", "source_mac": "any", "exporter": "few"}, 5)
    records["source_lo"] = 0xFFFF_0A00_0000 | rng.integers(0, 2**24, several)[rng.integers(0, several, rows)]
    records["bytes"] = rng.pareto(0.9, rows) * 1_000
    records["reply_bytes"] = rng.integers(0, 2**63, rows, np.uint64)
    records["in_interface"] = rng.integers(0, 2**17, several)[rng.integers(0, several, rows)]
    records["out_interface"] = rng.integers(0, 2**32, several)[rng.integers(0, several, rows)]
    records["source_port"] = rng.integers(0, 2**16, rows)
    check(records, [40_000], good=True)


@pytest.mark.parametrize("several", [3, 70_000])  # in a dictionary, and too many for one
def test_sites_are_those_of_addresses_also_where_these_are_named_as_they_are_packed(several: int) -> None:
    rng, records = np.random.default_rng(several), made(70_000, {"bytes": "few"}, 6)
    addresses = np.uint64(MAPPED) | np.uint64(0x0A01_0000) + rng.integers(0, 1 << 18, several, np.uint64)
    addresses[0] = MAPPED | 0x0A01_0901  # rsud
    records["source_lo"] = addresses[rng.integers(0, several, len(records))]
    records["destination_lo"] = addresses[0]
    check(records, [30_000], good=True)
    callers, cuts = Callers(), held(records, [30_000])
    table = callers.table(cuts, EXPORTERS, Sites(NETWORKS))
    assert "source_site" not in table.columns, "not found yet"
    read = pl.read_parquet(BytesIO(b"".join(packed(table, Encoder(1)))))
    callers.name(cuts, Sites(NETWORKS))
    named = pl.read_parquet(BytesIO(b"".join(packed(callers.table(cuts, EXPORTERS, Sites(Networks([]))), Encoder(1)))))
    assert read.equals(named), "what has a name keeps it"
    records["source_lo"] = records["destination_lo"] = 5
    nobody = pl.read_parquet(BytesIO(written(records, good=True)))
    assert not {"source_site", "destination_site"} & set(nobody.columns)


def test_names_without_end() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dictionaries, "DISTINCT_MAX", 16)
        check(made(500, {"exporter": "any"}, 2), [], good=True)


def test_metadata_and_statistics_are_there() -> None:
    octets = BytesIO(written(many(500), good=True))
    said = pl.read_parquet_metadata(octets)
    assert said.items() >= FORMAT.items()
    octets.seek(0)
    above = pl.scan_parquet(octets).filter(pl.col("destination_lo") > 2**63)
    assert above.collect().height == 0


def test_groups_are_apart_by_destination_so_that_questions_skip() -> None:
    records = many(400_000)
    records["destination_lo"] = np.random.default_rng(4).zipf(1.2, len(records))
    callers, cuts = Callers(), held(records, [32_768] * 13)
    callers.name(cuts, Sites(NETWORKS))
    table = callers.table(cuts, EXPORTERS)
    order = Order(table, Room())
    keys = order.of(table.columns["destination_lo"]).copy()
    assert np.array_equal(np.sort(keys), np.sort(records["destination_lo"]))
    edges = [(int(keys[group].min()), int(keys[group].max())) for group in order.groups]
    assert len(edges) >= 3
    assert all(one[1] <= two[0] for one, two in pairwise(edges))
    ends = order.of(table.columns["end"])
    assert all((np.diff(ends[group].astype(np.int64)) >= 0).all() for group in order.groups), "in order of their time"
    assert len(b"".join(packed(table, Encoder(1)))) < 15 * len(records)


def test_no_loop_leaves_its_arrays(tmp_path: Path) -> None:
    """The same with numba's checking of bounds, in a process of its own."""
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(Path(__file__))], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def main() -> None:
    """Write files of all kinds."""
    every = [name for name in RECORD.names or () if name != "end_ns"]
    for seed, kind in enumerate(KINDS):
        for rows in (1, 31, 33, 129, 5_000):
            for good in (False, True):
                check(made(rows, dict.fromkeys(every, kind), seed), [rows // 2, rows // 3], good=good)
    check(made(20_000, dict.fromkeys(every, "any"), 9), [10_000], good=True)
    dictionaries.DISTINCT_MAX = 16  # type: ignore[misc]  # everything in the other way
    for rows in (31, 128, 129, 1_000):
        check(made(rows, dict.fromkeys(every, "any"), rows), [7], good=True)


if __name__ == "__main__":
    main()
