"""The index follows the ledger whatever happens to either, on SQLite and on PostgreSQL."""

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError

from netmon.api import Query, Unavailable
from netmon.core.ledger import database
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index import Index
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.lookup import Lookup
from netmon.core.ledger.record import Entry, Kind, Stub, encode_stub, leaf_hash, timestamp
from netmon.core.ledger.segments import read
from netmon.core.ledger.settings import LedgerSettings, RetentionSettings
from tests.support.ledger_store import NOON, Clock, entry, running
from tests.support.postgresql import Postgresql, postgresql
from tests.support.segments import START, Segments, note
from tests.support.waiting import eventually

Make = Callable[[], IndexSettings]
QUICK = {"retry_min_s": 0.01, "retry_max_s": 0.05, "connect_timeout_s": 1}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgresql]:
    with postgresql() as started:
        yield started


_numbers = count()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest) -> IndexSettings:
    """Settings of an index that nobody used yet."""
    if request.param == "sqlite":
        return IndexSettings(**QUICK)
    started: Postgresql = request.getfixturevalue("server")
    return IndexSettings(url=SecretStr(started.create(f"index{next(_numbers)}")), **QUICK)


@pytest.fixture
def ledger(tmp_path: Path) -> Segments:
    return Segments(tmp_path / "ledger")


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


def _restored(ledger: Segments, other: Segments) -> None:
    """Put another ledger's files in the place of the first one's."""
    for path in (ledger.directory / "segments").iterdir():
        path.unlink()
    for path in (other.directory / "segments").iterdir():
        path.rename(ledger.directory / "segments" / path.name)
    (other.directory / "committed").replace(ledger.directory / "committed")
    other.directory = ledger.directory


@pytest.mark.parametrize(
    ("origin", "numbers", "why"),
    [
        ("netmon/other/11111111", range(5), "the index of another ledger"),
        ("netmon/test/00000000", range(3), "the index has records that the ledger has not"),
        ("netmon/test/00000000", range(100, 108), "the index has other records than the ledger"),
    ],
)
def test_an_index_that_is_not_this_ledgers_is_filled_anew(
    ledger: Segments, fresh: IndexSettings, origin: str, numbers: range, why: str
) -> None:
    ledger.add(note(number) for number in range(5))
    fill(ledger, fresh)
    other = Segments(ledger.directory.with_name("other"), origin)
    other.add(note(number) for number in numbers)
    _restored(ledger, other)
    assert fill(other, fresh) == [why]
    assert indexed(ledger, fresh) == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE netmon_ledger_index SET schema_version = 99", "another version of the index"),
        ("ALTER TABLE netmon_ledger_index ADD COLUMN wonder integer", "another version of the index"),
        ("DELETE FROM netmon_ledger_index", "an index without its mark"),
        ("DROP TABLE netmon_ledger_index", "an index without its mark"),
    ],
)
def test_an_index_that_we_do_not_know_is_filled_anew(
    ledger: Segments, fresh: IndexSettings, statement: str, why: str
) -> None:
    ledger.add(note(number) for number in range(5))
    fill(ledger, fresh)
    engine = database.open_database(ledger.directory, fresh, "write")
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
    assert fill(ledger, fresh) == [why]
    assert indexed(ledger, fresh) == list(range(5))


async def test_rebuild_fills_anew_while_it_runs(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(5))
    async with following(ledger, fresh) as index:
        index.wake(ledger.size)
        await eventually(lambda: index.lag == 0)
        engine = database.open_database(ledger.directory, fresh, "write")
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM netmon_ledger_records WHERE seq = 2")
        engine.dispose()
        assert await seqs(index, Query(newest_first=False)) == [0, 1, 3, 4]
        index.rebuild()
        await eventually(lambda: indexed(ledger, fresh) == [0, 1, 2, 3, 4])


async def test_an_index_emptied_by_another_process_is_filled_again(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(5))
    async with following(ledger, fresh) as index:
        index.wake(ledger.size)
        await eventually(lambda: index.lag == 0)
        other = Filler(ledger.directory, fresh)
        other.rebuild("asked to")
        other.fill(2)
        other.close()
        ledger.add([note(5)])
        index.wake(ledger.size)
        await eventually(lambda: indexed(ledger, fresh) == [0, 1, 2, 3, 4, 5])


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


def test_a_mark_behind_a_stub_still_fits(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add([note(0), note(1)])
    fill(ledger, fresh)
    ledger.replace(0, [ledger.lines[0], encode_stub(Stub(1, leaf_hash(ledger.lines[1]), 9))])
    assert fill(ledger, fresh) == []


def test_damaged_records_are_counted_and_passed_over(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add([note(0), note(1), note(2)])
    ledger.replace(0, [ledger.lines[0], ledger.lines[1].replace(b'"data":{', b'"data":['), ledger.lines[2]])
    filler = Filler(ledger.directory, fresh)
    assert filler.fill(3).malformed == 1
    filler.close()
    assert indexed(ledger, fresh) == [0, 2]


async def test_a_damaged_file_is_made_anew(ledger: Segments) -> None:
    ledger.add(note(number) for number in range(5))
    (ledger.directory / "index.sqlite").write_bytes(os.urandom(8192))
    registry = CollectorRegistry()
    async with following(ledger, IndexSettings(**QUICK), registry) as index:
        index.wake(ledger.size)
        await eventually(lambda: index.lag == 0)
        assert len(await index.query(Query())) == 5
    assert registry.get_sample_value("netmon_ledger_index_errors_total", {"error": "DatabaseError"}) == 1


async def test_a_database_that_is_away_is_tried_again(ledger: Segments, tmp_path: Path) -> None:
    ledger.add(note(number) for number in range(5))
    registry = CollectorRegistry()
    with postgresql() as first:
        settings = IndexSettings(url=SecretStr(first.url), **QUICK)
        async with following(ledger, settings, registry) as index:
            index.wake(ledger.size)
            await eventually(lambda: index.lag == 0)
            first.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'netmon'", "postgres"
            )
            ledger.add([note(5)])
            index.wake(ledger.size)
            await eventually(lambda: index.lag == 0)
    assert registry.get_sample_value("netmon_ledger_index_errors_total", {"error": "OperationalError"}) == 1
    gone = IndexSettings(url=SecretStr(f"postgresql://postgres@/netmon?host={tmp_path}"), **QUICK)
    async with following(ledger, gone) as index:
        index.wake(ledger.size)
        with pytest.raises(Unavailable, match="cannot be read"):
            await index.query(Query())
        assert index.lag == 6


async def test_answers_have_what_was_committed_a_moment_ago(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number) for number in range(3))
    fill(ledger, fresh)
    ledger.add(note(number) for number in range(3, 6))
    lookup = Lookup(ledger.directory, fresh)
    newest = lookup.find(Query(limit=4), ledger.size)
    oldest = lookup.find(Query(limit=4, newest_first=False), ledger.size)
    some = lookup.find(Query(targets=("sw-1", "sw-4")), ledger.size)
    lookup.close()
    assert [record["seq"] for record in newest.records] == [5, 4, 3, 2]
    assert [record["seq"] for record in oldest.records] == [0, 1, 2, 3]
    assert [record["seq"] for record in some.records] == [4, 1]
    assert (newest.lag, newest.whole) == (3, True)


def test_an_index_far_behind_answers_alone_and_says_so(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add([note(0)])
    fill(ledger, fresh)
    lookup = Lookup(ledger.directory, fresh)
    answer = lookup.find(Query(), 50_000)
    lookup.close()
    assert [record["seq"] for record in answer.records] == [0]
    assert (answer.lag, answer.whole) == (49_999, False)


async def test_without_an_index_there_is_no_answer(ledger: Segments, fresh: IndexSettings) -> None:
    index = Index(ledger.directory, fresh, CollectorRegistry())
    with pytest.raises(Unavailable, match="does not run"):
        await index.query(Query())
    lookup = Lookup(ledger.directory, fresh)
    with pytest.raises(Unavailable):
        lookup.find(Query())
    lookup.close()


def test_a_search_that_takes_too_long_is_given_up(ledger: Segments, fresh: IndexSettings) -> None:
    ledger.add(note(number, data={"message": "x" * 3000}) for number in range(3000))
    fill(ledger, fresh)
    hurried = Lookup(ledger.directory, fresh.model_copy(update={"query_timeout_s": 0.001}))
    with pytest.raises(Unavailable, match=r"longer than 0\.001 s"):
        hurried.find(Query(text="x" * 1000 + "y"), ledger.size)
    hurried.close()


async def test_searches_wait_in_a_short_line_only(ledger: Segments, fresh: IndexSettings) -> None:
    async with following(ledger, fresh) as index:
        index._asked = 2 * fresh.queries_max
        with pytest.raises(Unavailable, match="too many"):
            await index.query(Query())


def test_the_file_is_for_us_alone(ledger: Segments) -> None:
    ledger.add([note(0)])
    fill(ledger, IndexSettings())
    for path in ledger.directory.glob("index.sqlite*"):
        assert path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(ledger.directory / "index.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_another_kind_of_address_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError, match="PostgreSQL") as caught:
        IndexSettings(url=SecretStr("mysql://root:maplesyrup@db/netmon"))
    assert "maplesyrup" not in str(caught.value)


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
