"""An index that is damaged, emptied, of another ledger or away: filled anew, or tried again."""

import os
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from netmon.api import Query, Unavailable
from netmon.core.ledger import database
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.record import Stub, encode_stub, leaf_hash
from tests.support.ledger_index import QUICK, fill, following, indexed, seqs
from tests.support.postgresql import postgresql
from tests.support.segments import Segments, note
from tests.support.waiting import eventually


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
