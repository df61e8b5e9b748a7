"""The answers of `netmon flows` in lines and in columns: top, matrix, timeline, list."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl
from rich.text import Text

from exporters.flowstore.files import text_of
from exporters.flowstore.query import Row, Top
from exporters.flowstore.words import STATES, flags_text, protocol_name
from netmon.api.traffic import address_text
from netmon.app.fitted import Column
from netmon.app.flows.showing import Line, amount, clock_column, column, number, octets, place, share
from netmon.app.human import written
from netmon.app.text import language

SUMS: Final = ("bytes", "packets", "flows")
MATRIX: Final = ("source", "destination", *SUMS)
TIMELINE: Final = ("time", *SUMS)
LIST: Final = (
    "start", "end", "duration_ms", "protocol", "source", "source_port", "destination", "destination_port", "flags",
    "bytes", "packets", "reply_bytes", "reply_packets", "source_site", "destination_site", "exporter", "in_interface",
    "out_interface", "vlan", "source_as", "destination_as", "tos", "icmp_type", "icmp_code", "state", "sampling",
)  # fmt: skip

_BARS: Final = (30, 24, 20, 16, 12, 8)  # characters of the longest bar, the first for which there is room
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_STATE_NAMES: Final = {number: name for name, number in STATES.items()}


def top_lines(answer: Top, by: str) -> list[Line]:
    """Return the keys of a top list."""
    return [{by: row.key, **_sums(row)} for row in answer.rows]


def top_forms(answer: Top, by: str, ranked_by: str) -> list[list[Column]]:
    """Return the columns of a top list."""
    rows, total = answer.rows, answer.total
    names = [place(row.key) if by == "site" else row.key for row in rows]
    key = column(by, names, least=12)
    sums = _sum_columns(rows)
    shares = column("share", [share(getattr(row, ranked_by), getattr(total, ranked_by)) for row in rows])
    by_rank = sums[SUMS.index(ranked_by)]
    return [[key, *sums, shares], [key, by_rank, shares], [key, by_rank]]


def matrix_lines(answer: pl.DataFrame) -> list[Line]:
    """Return who sent how much to whom."""
    return list(answer.iter_rows(named=True))


def matrix_forms(answer: pl.DataFrame, limit: int, total: int) -> list[list[Column]]:
    """Return the columns of the first pairs."""
    rows = [Row("", *line[2:]) for line in answer.head(limit).iter_rows()]
    ends = [
        column(name, map(place, answer.head(limit)[name].to_list()), least=10) for name in ("source", "destination")
    ]
    sums = _sum_columns(rows)
    shares = column("share", [share(row.bytes, total) for row in rows])
    return [[*ends, *sums, shares], [*ends, sums[0], shares], [*ends, sums[0]]]


def timeline_rows(answer: dict[int, Row], step_s: int) -> list[tuple[int, Row]]:
    """Return all steps from the first with flows to the last, also those between that have none."""
    if not answer:
        return []
    first, last = min(answer), max(answer)
    return [(begin, answer.get(begin, Row("", 0, 0, 0))) for begin in range(first, last + step_s, step_s)]


def timeline_lines(rows: Sequence[tuple[int, Row]]) -> list[Line]:
    """Return the steps."""
    return [{"time": text_of(begin), **_sums(row)} for begin, row in rows]


def timeline_forms(rows: Sequence[tuple[int, Row]], step_s: int, ranked_by: str) -> list[list[Column]]:
    """Return the columns of a timeline: the bar is of what was asked for."""
    peak = max((getattr(row, ranked_by) for _, row in rows), default=0)
    when = clock_column("time", [begin for begin, _ in rows])
    sums = _sum_columns([row for _, row in rows])
    rate = column("rate", [amount(row.bytes * 8 / step_s, "bit/s") for _, row in rows])
    bars = [Column("", [Text(bar(getattr(row, ranked_by), peak, most)) for _, row in rows]) for most in _BARS]
    by_rank = sums[SUMS.index(ranked_by)]
    return [*([when, rate, *sums, each] for each in bars), [when, rate, *sums], [when, rate, by_rank], [when, rate]]


def bar(part: int, whole: int, most: int) -> str:
    """Return a bar of at most so many characters, in eighths of one; what is more than nothing is seen."""
    eighths = 0 if not whole else max(1, round(part / whole * most * 8)) if part else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def list_lines(answer: pl.DataFrame) -> Iterator[Line]:
    """Give the flows."""
    for row in answer.iter_rows(named=True):
        end: datetime = row["end"]
        yield {
            **{name: row[name] for name in LIST if name in row},
            "start": text_of(end.timestamp() - row["duration_ms"] / 1000),
            "end": text_of(end.timestamp()),
            "protocol": protocol_name(row["protocol"]),
            "source": address_text(row["source_hi"], row["source_lo"]),
            "destination": address_text(row["destination_hi"], row["destination_lo"]),
            "flags": flags_text(row["tcp_flags"]) if row["protocol"] == 6 else "",
            "state": _STATE_NAMES.get(row["state"], ""),
        }


def list_forms(lines: Sequence[Line]) -> list[list[Column]]:
    """Return the columns of a list of flows."""
    when = clock_column("time", [datetime.fromisoformat(line["end"]).timestamp() for line in lines])
    lasted = column("duration", [written(f"{line['duration_ms'] / 1000:.3f}", language()) for line in lines])
    protocol = column("protocol", [line["protocol"] for line in lines])
    ends = [column(name, [_end(line, name) for line in lines]) for name in ("source", "destination")]
    flags = column("flags", [line["flags"] for line in lines])
    sums = [
        column("bytes", [octets(line["bytes"] + line["reply_bytes"]) for line in lines]),
        column("packets", [number(line["packets"] + line["reply_packets"]) for line in lines]),
    ]
    sites = [
        column(name, [place(line[name]) for line in lines], least=8) for name in ("source_site", "destination_site")
    ]
    return [
        [when, lasted, protocol, *ends, flags, *sums, *sites],
        [when, protocol, *ends, flags, *sums],
        [when, protocol, *ends, sums[0]],
        [*ends, sums[0]],
    ]


def _end(line: Line, name: str) -> str:
    address, port = line[name], line[f"{name}_port"]
    if not port:
        return str(address)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _sums(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SUMS}


def _sum_columns(rows: Sequence[Row]) -> list[Column]:
    return [
        column("bytes", [octets(row.bytes) for row in rows]),
        column("packets", [number(row.packets) for row in rows]),
        column("flows", [number(row.flows) for row in rows]),
    ]
