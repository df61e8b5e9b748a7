"""What is asked of the index: whole answers, late ones, none, and those that take too long."""

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError

from netmon.api import Query, Unavailable
from netmon.core.ledger.index import Index
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.lookup import Lookup
from tests.support.ledger_index import fill, following
from tests.support.segments import Segments, note


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


def test_another_kind_of_address_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError, match="PostgreSQL") as caught:
        IndexSettings(url=SecretStr("mysql://root:maplesyrup@db/netmon"))
    assert "maplesyrup" not in str(caught.value)
