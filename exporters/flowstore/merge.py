"""Reading several files back, to be written as one. Raises OSError or a PolarsError."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from exporters.flowstore.parquet import Table
from exporters.flowstore.schema import SCHEMA, filled


def merged(paths: Sequence[Path]) -> Table:
    """Return all records of these files, with the columns that any of them has."""
    frames = [pl.read_parquet(path, glob=False) for path in paths]
    known = [frame.select(name for name in frame.columns if name in SCHEMA) for frame in frames]
    together = filled(pl.concat(known, how="diagonal")).rechunk()
    columns, called = {}, {}
    for series in together:
        if series.dtype == pl.Categorical:
            names = series.unique().cast(pl.String).to_list()
            called[series.name] = names.__getitem__
            series = series.cast(pl.Enum(names))  # noqa: PLW2901  # numbers from 0 on
        wide = series.dtype in (pl.UInt64, pl.Datetime)
        columns[series.name] = [series.to_physical().to_numpy().astype(np.uint64 if wide else np.uint32)]
    return Table(columns, called)
