"""Making one file of several. Raises OSError or a PolarsError."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from exporters.flowstore.schema import SCHEMA, filled

ORDER: Final = ("destination_lo",)
"""How records of a merged file are sorted (measured in docs/benchmarks.md): an office is a range of addresses, so that
what was sent to one lies together too."""


def merged(paths: Sequence[Path]) -> pl.DataFrame:
    """Return all records of these files in one table, sorted, with the columns that any of them has."""
    frames = [pl.read_parquet(path, glob=False) for path in paths]
    known = [frame.select(name for name in frame.columns if name in SCHEMA) for frame in frames]
    together = filled(pl.concat(known, how="diagonal"))
    return together.sort(*ORDER)
