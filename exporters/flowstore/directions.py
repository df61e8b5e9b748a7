"""Flows as what each side sent: both directions of a record, each credited to its own sender and receiver.

A sensor's record holds what went there (`bytes`) and what came back (`reply_bytes`); an exporter's is mostly of one
direction. Questions are asked of directions, so that they mean the same of both, and the same as nfdump's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from exporters.flowstore.files import Scan
from exporters.flowstore.filter import Chosen
from exporters.flowstore.schema import SCHEMA

_PAIRS: Final = (
    *((f"source_{part}", f"destination_{part}") for part in ("hi", "lo", "port", "site", "as", "mac")),
    ("in_interface", "out_interface"),
    ("bytes", "reply_bytes"),
    ("packets", "reply_packets"),
    ("tcp_flags", "reply_tcp_flags"),
)
_OTHER: Final = {name: other for pair in _PAIRS for name, other in (pair, pair[::-1])}
_TURNED: Final = [pl.col(_OTHER.get(name, name)).alias(name) for name in SCHEMA]
_REPLIED: Final = (pl.col("reply_packets") > 0) | (pl.col("reply_bytes") > 0)  # some exporters tell only one of them


@dataclass(frozen=True, slots=True)
class Directions:
    """The directions of a scan's flows that a filter lets through.

    The way there is one always, also in a part of a long flow in which nothing went it; the way back where something
    came.
    """

    scan: Scan
    where: Chosen | None

    @property
    def both(self) -> bool:
        """Tell whether any record has two directions."""
        return not self.scan.present.isdisjoint({"reply_bytes", "reply_packets"})

    @property
    def present(self) -> frozenset[str]:
        """Return the columns that are not always their default in `of`."""
        there = self.scan.present
        return there | {_OTHER.get(name, name) for name in there} if self.both else there

    def of(self, table: pl.LazyFrame) -> pl.LazyFrame:
        """Return each direction of some of the scan's records, with SCHEMA's columns as its sender has them."""
        if not self.both:
            return table if self.where is None else table.filter(self.where.there)
        if self.where is None:
            return pl.concat([table, table.filter(_REPLIED).select(_TURNED)])
        back = table.filter(self.where.back, _REPLIED).select(_TURNED)
        return pl.concat([table.filter(self.where.there), back])

    def read(self, table: pl.LazyFrame, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Read these columns of `of`, in one part or two; what both directions need is read once."""
        if not self.both or self.where is not None:
            yield self.of(table).select(names).collect()
            return
        turned = [_OTHER.get(name, name) for name in names]
        both = table.select(list(dict.fromkeys((*names, *turned)))).collect()
        yield both.select(names)
        yield both.filter(_REPLIED).select(pl.col(other).alias(name) for name, other in zip(names, turned, strict=True))

    def flows(self) -> pl.LazyFrame:
        """Return the flows of which a direction is let through, as they are kept."""
        if self.where is None:
            return self.scan.table
        chosen = self.where.there
        if self._sided is not None:
            chosen |= self._sided.back & _REPLIED
        return self.scan.table.filter(chosen)

    def there(self, name: str) -> pl.Expr:
        """Return the bytes or packets of a flow that went there, 0 where that is not let through."""
        value = pl.col(name)
        return value if self._sided is None else pl.when(self._sided.there).then(value).otherwise(0)

    def back(self, name: str) -> pl.Expr:
        """Return the bytes or packets of a flow that came back, 0 where that is not let through."""
        value = pl.col(f"reply_{name}")
        return value if self._sided is None else pl.when(self._sided.back).then(value).otherwise(0)

    @property
    def begun(self) -> pl.Expr:
        """Return of how many of a group's flows the way there is let through."""
        return pl.len() if self._sided is None else self._sided.there.sum()

    def carried(self, name: str) -> pl.Expr:
        """Return the bytes or packets of a flow in the directions that are let through."""
        return (self.there(name) + self.back(name) if self.both else pl.col(name)).alias(name)

    @property
    def _sided(self) -> Chosen | None:
        """Return the filter where it can let one direction of a flow through and not the other."""
        return self.where if self.both and self.where is not None and self.where.sided else None
