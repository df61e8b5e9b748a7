"""What a kept flow is: the columns of the files, and how records become them.

A column that is nothing but its default in a whole file is left out of that file: most exporters tell no MAC, no MPLS
label and no handshake, and each column costs 3 to 25 ns a record. Reading puts the default back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exporters.flowstore.sites import Sites
from netmon.api.traffic import RECORD

FORMAT: Final = {"netmon_flows": "1"}
"""Metadata of each file: the version of this table."""

Buffer: TypeAlias = dict[str, NDArray[Any]]

_NS_IN_MS: Final = 1_000_000
_NAMES: Final = pl.Categorical()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type, and whether it is left out of files where all of it is the default."""

    name: str
    dtype: pl.DataType
    optional: bool = True
    default: Any = 0


COLUMNS: Final = (
    Column("end", pl.Datetime("ms", "UTC"), optional=False),  # of the last packet; decides the file
    Column("duration_ms", pl.UInt32(), optional=False),  # start is end - duration_ms; at most 49 days
    Column("source_hi", pl.UInt64()),  # halves of the address as in RECORD: an IPv4 address is IPv4-mapped
    Column("source_lo", pl.UInt64(), optional=False),
    Column("destination_hi", pl.UInt64()),
    Column("destination_lo", pl.UInt64(), optional=False),
    Column("bytes", pl.UInt64(), optional=False),
    Column("packets", pl.UInt64(), optional=False),
    Column("source_port", pl.UInt16(), optional=False),
    Column("destination_port", pl.UInt16(), optional=False),
    Column("protocol", pl.UInt8(), optional=False),
    Column("version", pl.UInt8(), default=4),
    Column("source_site", _NAMES, default=""),  # by the inventory of the moment of writing; empty: not ours
    Column("destination_site", _NAMES, default=""),
    Column("exporter", _NAMES, default=""),  # its name; empty: a sensor's own eyes
    *(
        Column(name, kind())
        for name, kind in (
            ("in_interface", pl.UInt32),
            ("out_interface", pl.UInt32),
            ("tcp_flags", pl.UInt8),
            ("tos", pl.UInt8),
            ("ttl", pl.UInt8),
            ("icmp_type", pl.UInt8),
            ("icmp_code", pl.UInt8),
            ("vlan", pl.UInt16),
            ("inner_vlan", pl.UInt16),
            ("reply_bytes", pl.UInt64),
            ("reply_packets", pl.UInt64),
            ("reply_tcp_flags", pl.UInt8),
            ("state", pl.UInt8),
            ("end_reason", pl.UInt8),
            ("direction", pl.UInt8),
            ("source_as", pl.UInt32),
            ("destination_as", pl.UInt32),
            ("source_mac", pl.UInt64),
            ("destination_mac", pl.UInt64),
            ("mpls", pl.UInt32),
            ("tunnel", pl.UInt8),
            ("fragment", pl.UInt8),
            ("ethertype", pl.UInt16),
            ("handshake_us", pl.UInt32),
            ("retransmissions", pl.UInt16),
            ("domain", pl.UInt32),
        )
    ),
    Column("sampling", pl.UInt32(), default=1),
)
SCHEMA: Final = pl.Schema({column.name: column.dtype for column in COLUMNS})
DEFAULTS: Final[Mapping[str, Any]] = {column.name: column.default for column in COLUMNS if column.optional}

_DERIVED: Final = ("end", "duration_ms", "source_site", "destination_site", "exporter")
_COPIED: Final = tuple(column.name for column in COLUMNS if column.name not in _DERIVED)
_KEPT_AS: Final = {"end_ms": "i8", "duration_ms": "u4", "exporter_row": "u4"}
_UNNAMED_MAX: Final = 65_536  # rows beyond the list of exporters that get a name of their own
RECORD_BYTES: Final = sum(RECORD[name].itemsize for name in _COPIED) + 16
"""Memory of a record that waits."""


def buffer(rows: int) -> Buffer:
    """Return columns for so many records, not yet written to: pages that are never touched cost nothing."""
    held = {name: np.empty(rows, RECORD[name]) for name in _COPIED}
    return held | {name: np.empty(rows, kind) for name, kind in _KEPT_AS.items()}


def copy_in(held: Buffer, at: int, records: NDArray[np.void]) -> None:
    """Copy RECORD rows into columns from row `at` on. The caller saw to it that there is room."""
    to = slice(at, at + len(records))
    for name in _COPIED:
        held[name][to] = records[name]
    end_ms, start_ms = records["end_ns"] // _NS_IN_MS, records["start_ns"] // _NS_IN_MS
    held["end_ms"][to] = end_ms
    # A start behind the end is a clock that was set: no duration. 2**32 ms are 49 days.
    lasted = np.where(start_ms < end_ms, end_ms - start_ms, 0)
    held["duration_ms"][to] = np.minimum(lasted, 0xFFFF_FFFF)
    held["exporter_row"][to] = records["exporter"]


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers are called at the moment of writing: addresses' sites, exporters by their row."""

    sites: Sites
    exporters: Sequence[str] = ()


def frame(held: Buffer, rows: int, names: Names) -> pl.DataFrame:
    """Return the first rows of a buffer as they are written: optional columns that are all default are left out."""
    sites = pl.Series(("", *names.sites.names), dtype=_NAMES)
    sources = names.sites.rows(held["source_hi"][:rows], held["source_lo"][:rows])
    destinations = names.sites.rows(held["destination_hi"][:rows], held["destination_lo"][:rows])
    made: dict[str, pl.Series] = {"end": pl.Series(held["end_ms"][:rows]).cast(SCHEMA["end"])}
    for column in COLUMNS[1:]:
        name = column.name
        if name in {"source_site", "destination_site"}:
            rows_of = sources if name == "source_site" else destinations
            if rows_of.any():
                made[name] = sites[rows_of]
        elif name == "exporter":
            made |= _exporters(held["exporter_row"][:rows], names.exporters)
        elif not column.optional or (held[name][:rows] != column.default).any():
            made[name] = pl.Series(held[name][:rows])
    return pl.DataFrame(made)


def filled(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table of several with the defaults where one of them had left a column out, in the order of SCHEMA."""
    present = [name for name in SCHEMA if name in table.columns]
    return table.select(
        pl.col(name).fill_null(DEFAULTS[name]) if name in DEFAULTS else pl.col(name) for name in present
    )


def _exporters(rows: NDArray[np.uint32], named: Sequence[str]) -> dict[str, pl.Series]:
    """Return the column of exporters' names; a row that the list does not have is called by its number."""
    top = int(rows.max()) if len(rows) else 0
    if not top and not (named and named[0]):
        return {}
    if top >= len(named) + _UNNAMED_MAX:  # no collector counts so far: they are not worth a table of this size
        return {"exporter": ("exporter " + pl.Series(rows).cast(pl.String)).cast(_NAMES)}
    several = [*named, *(f"exporter {row}" for row in range(len(named), top + 1))] or [""]
    return {"exporter": pl.Series(several, dtype=_NAMES)[rows]}
