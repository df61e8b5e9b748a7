"""An index over a ledger's segments: running beside it, filled at once, and what it holds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.api import Query
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index import Index
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.lookup import Lookup
from tests.support.segments import Segments

QUICK = {"retry_min_s": 0.01, "retry_max_s": 0.05, "connect_timeout_s": 1}


@asynccontextmanager
async def following(
    ledger: Segments, settings: IndexSettings, registry: CollectorRegistry | None = None
) -> AsyncIterator[Index]:
    index = Index(ledger.directory, settings, registry or CollectorRegistry())
    await index.start()
    try:
        yield index
    finally:
        await index.stop()
        await index.stop()


async def seqs(index: Index, query: Query) -> list[object]:
    return [record["seq"] for record in await index.query(query)]


def fill(ledger: Segments, settings: IndexSettings) -> list[str]:
    """Fill to the end; return why the index was emptied, if it was."""
    filler, why = Filler(ledger.directory, settings), []
    while True:
        batch = filler.fill(ledger.size)
        why += [batch.rebuilt] if batch.rebuilt else []
        if not batch.read:
            filler.close()
            return why


def indexed(ledger: Segments, settings: IndexSettings) -> list[object]:
    return indexed_in(ledger.directory, settings)


def indexed_in(directory: Path, settings: IndexSettings) -> list[object]:
    lookup = Lookup(directory, settings)
    try:
        lines, _ = lookup._indexed(Query(newest_first=False, limit=10_000))
    finally:
        lookup.close()
    return [int(line.partition(":")[2].partition(",")[0]) for line in lines]
