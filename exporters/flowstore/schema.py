"""What a kept flow is: the columns of the files.

A column that is nothing but its default in a whole file is left out of that file: most exporters tell no MAC, no MPLS
label and no handshake, and each column costs time and room. Reading puts the default back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Final

import polars as pl

FORMAT: Final = {"netmon_flows": "1"}
"""Metadata of each file: the version of this table."""

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


def filled(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table of several with the defaults where one of them had left a column out, in the order of SCHEMA."""
    present = [name for name in SCHEMA if name in table.columns]
    return table.select(
        pl.col(name).fill_null(DEFAULTS[name]) if name in DEFAULTS else pl.col(name) for name in present
    )


@cache
def arrow_schema(names: tuple[str, ...]) -> str:
    """Return what a file says of these columns so that names are read as polars' categories: as polars says it."""
    empty = BytesIO()
    pl.DataFrame(schema={name: SCHEMA[name] for name in names}).write_parquet(empty)
    empty.seek(0)
    return pl.read_parquet_metadata(empty)["ARROW:schema"]
