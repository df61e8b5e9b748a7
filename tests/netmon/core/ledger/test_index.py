"""The index follows the ledger whatever happens to either, on SQLite and on PostgreSQL."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.api import Query
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index import Index
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.record import Entry, Kind, Stub, encode_stub, leaf_hash, timestamp
from netmon.core.ledger.segments import read
from netmon.core.ledger.settings import LedgerSettings, RetentionSettings
from tests.support.ledger_index import fill, following, indexed, indexed_in, seqs
from tests.support.ledger_store import NOON, Clock, entry, running
from tests.support.segments import START, Segments, note
from tests.support.waiting import eventually


async def test_it_follows_over_segments_and_answers_with_whole_records(ledger: Segments, fresh: IndexSettings) -> None:
    registry = CollectorRegistry()
    async with following(ledger, fresh, registry) as index:
        ledger.add(note(number) for number in range(5))
        index.wake(ledger.size)
        await eventually(lambda: index.lag == 0)
        ledger.begin()
        ledger.add(note(number) for number in range(5, 8))
        index.wake(ledger.size)
        await eventually(lambda: index.lag == 0)
        assert await seqs(index, Query()) == [7, 6, 5, 4, 3, 2, 1, 0]
        [found] = await index.query(Query(text="NOTE 6"))
        assert found["data"] == {"message": "Note 6"}
        assert found["recorded"] == timestamp(START)
    assert registry.get_sample_value("netmon_ledger_index_records_total") == 8
    assert registry.get_sample_value("netmon_ledger_index_lag_records") == 0
    assert registry.get_sample_value("netmon_ledger_index_query_seconds_count") == 2
    assert indexed(ledger, fresh) == list(range(8))


async def test_what_is_not_committed_is_not_indexed(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(6))
    filler = Filler(ledger.directory, fresh)
    assert [filler.fill(4).read, filler.fill(4).read, filler.next_seq] == [4, 0, 4]
    filler.close()
    assert indexed(ledger, fresh) == [0, 1, 2, 3]


async def test_it_goes_on_where_it_was_after_a_restart(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(5))
    assert fill(ledger, fresh) == []
    ledger.add([note(5)])
    filler = Filler(ledger.directory, fresh)
    assert [filler.fill(ledger.size).read, filler.fill(ledger.size).read] == [1, 0]
    filler.close()
    assert indexed(ledger, fresh) == list(range(6))


def test_batches_keep_to_their_size(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(25))
    filler = Filler(ledger.directory, fresh.model_copy(update={"batch_max_records": 10}))
    assert [filler.fill(25).read for _ in range(4)] == [10, 10, 5, 0]
    filler.close()
    small = Filler(ledger.directory, fresh.model_copy(update={"batch_max_bytes": len(ledger.lines[0]) * 3}))
    small.rebuild("test")
    assert small.fill(25).read in (3, 4)
    small.close()


def _act(segment: int, category: str, number: int) -> Entry:
    data = {"what": "purged", "segment": segment, "category": category, "before": timestamp(START), "count": 2}
    return note(number, kind=Kind.LEDGER, data=data, category="ledger", target="")


def test_what_a_purge_took_leaves_the_index_too(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add([note(0, category="network"), note(1, category="authentication"), note(2, category="network")])
    ledger.begin()
    ledger.add([note(3, category="network")])
    fill(ledger, fresh)
    ledger.add([_act(0, "network", 4)])
    assert fill(ledger, fresh) == []
    assert indexed(ledger, fresh) == [1, 3, 4]
    stubs = [encode_stub(Stub(seq, leaf_hash(ledger.lines[seq]), 4)) for seq in (0, 2)]
    ledger.replace(0, [stubs[0], ledger.lines[1], stubs[1]])
    again = Filler(ledger.directory, fresh)
    again.rebuild("test")
    again.fill(ledger.size)
    again.close()
    assert indexed(ledger, fresh) == [1, 3, 4]


def test_the_file_is_for_us_alone(ledger: Segments) -> None:
    ledger.add([note(0)])
    fill(ledger, IndexSettings())
    for path in ledger.directory.glob("index.sqlite*"):
        assert path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(ledger.directory / "index.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


DAY = 86_400.0


@asynccontextmanager
async def indexing(ledger: Ledger, directory: Path, settings: IndexSettings) -> AsyncIterator[Index]:
    index = Index(directory, settings, CollectorRegistry())
    ledger.on_commit.append(lambda first, lines: index.wake(first + len(lines)))
    await index.start()
    index.wake(ledger.size)
    yield index
    await index.stop()


def on_disk(directory: Path, category: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for _, line in read(directory)]
    return [line for line in reversed(lines) if line.get("category") == category]


async def test_it_follows_the_ledger_itself_through_days_and_purges(tmp_path: Path, fresh: IndexSettings) -> None:
    clock = Clock()
    policy = LedgerSettings(
        commit_wait_ms=0, retention=RetentionSettings(default_months=None, categories={"network": 1})
    )
    async with running(tmp_path, policy, now=clock) as ledger, indexing(ledger, tmp_path, fresh) as index:
        for day in range(3):
            clock.at = NOON + day * DAY
            await ledger.append([entry(day * 10, category="network"), entry(day * 10 + 1, category="process")])
        for day in range(3, 33):
            clock.at = NOON + day * DAY
            await ledger.append([entry(100)])
        clock.at = NOON + 32.5 * DAY
        await eventually(lambda: index.lag == 0)
        assert len(await index.query(Query(categories=("network",)))) == 3
        assert await ledger.purge(clock.at) == 2
        await eventually(lambda: index.lag == 0)
        left = await index.query(Query(categories=("network",)))
        assert len(left) == 1
        assert [record["seq"] for record in left] == [record["seq"] for record in on_disk(tmp_path, "network")]
        index.rebuild()
        await eventually(lambda: len(indexed_in(tmp_path, fresh)) == ledger.size - 2)
