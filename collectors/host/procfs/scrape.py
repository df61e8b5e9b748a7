"""How reading went, in node_exporter's words: one series for each part."""

from collections.abc import Iterable

from collectors.host.procfs.shape import GAUGE, table
from netmon.api import Family, Missing, Part, Table, Value

_SCRAPE = (
    Family("node_scrape_collector_duration_seconds", GAUGE, "How long reading this part took."),
    Family("node_scrape_collector_success", GAUGE, "1 when this part brought something, else 0."),
)


def scrape_table(parts: Iterable[Part], at: float) -> Table:
    """Return duration and success of each part. A part that the host does not have is no success."""
    read = list(parts)
    columns: list[list[Value | Missing]] = [
        [part.duration_s for part in read],
        [int(bool(part.tables)) for part in read],
    ]
    return table(at, _SCRAPE, ("collector",), [(part.name,) for part in read], columns)
