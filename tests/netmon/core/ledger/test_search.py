"""A query means the same in SQL and in Python, on SQLite and on PostgreSQL; text is found without regard to case."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine, insert

from netmon.api import Query, Severity
from netmon.core.ledger import search
from netmon.core.ledger.database import open_database
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.record import Entry, Kind, encode
from netmon.core.ledger.tables import TEXT_MAX, Row, metadata, records, row

NAMES = st.sampled_from(["", "sw-1", "sw-10", "SW-1", "sw_1", "sw%1", "kantor-désa", "sw-\0", "*"])
WORDS = st.sampled_from(["link down", "LINK Down", "100%", "a_b", "axb", "back\\slash", "Straße", "\0", "Ünïcode", "'"])
KINDS = st.sampled_from(list(Kind))
SEVERITIES = st.sampled_from([None, *Severity])
TIMES = st.integers(0, 5).map(float)

ENTRIES = st.builds(
    Entry,
    kind=KINDS,
    at=TIMES,
    source=NAMES,
    data=st.dictionaries(WORDS, st.one_of(WORDS, st.lists(WORDS, max_size=2), st.integers(0, 3)), max_size=3),
    category=NAMES,
    target=NAMES,
    severity=SEVERITIES,
)
SOME = st.lists(NAMES, max_size=2).map(tuple)
QUERIES = st.builds(
    Query,
    since=st.none() | TIMES,
    until=st.none() | TIMES,
    kinds=st.lists(KINDS.map(str), max_size=2).map(tuple),
    categories=SOME,
    targets=st.lists(NAMES | st.sampled_from(["sw*", "sw-1*", "s%*", "sw_*"]), max_size=2).map(tuple),
    sources=SOME,
    severity=SEVERITIES,
    text=st.just("") | WORDS | st.text(max_size=3),
    after_seq=st.none() | st.integers(0, 20),
    newest_first=st.booleans(),
    limit=st.integers(0, 20),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield from _ready(open_database(tmp_path_factory.mktemp("index"), IndexSettings(), "write"))
        return
    url = request.getfixturevalue("server").create("search")
    yield from _ready(open_database(Path(), IndexSettings(url=SecretStr(url)), "write"))


def _ready(made: Engine) -> Iterator[Engine]:
    metadata.create_all(made)
    yield made
    made.dispose()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRIES, max_size=20), query=QUERIES, by_time=st.booleans())
def test_sql_finds_what_the_plain_question_finds(
    engine: Engine, entries: list[Entry], query: Query, by_time: bool
) -> None:
    rows = [row(encode(entry, seq, 10.0))[0] for seq, entry in enumerate(entries)]
    with engine.begin() as connection:
        if rows:
            connection.execute(insert(records), rows)
        found = list(connection.scalars(search.statement(query, by_time=by_time)))
        probe = search.time_probe(query)
        count = None if probe is None else connection.scalar(probe)
        connection.rollback()
    expected = [each["record"] for each in rows if search.matches(each, query)]
    in_time = [row for row in rows if search.matches(row, Query(since=query.since, until=query.until))]
    assert count == (None if probe is None else len(in_time))
    assert found == (expected[::-1] if query.newest_first else expected)[: query.limit]


def made(data: dict[str, object]) -> Row:
    return row(encode(Entry(Kind.EVENT, 1.0, "poller", data, "network", "sw-1", Severity.ERROR), 0, 1.0))[0]


@pytest.mark.parametrize(
    "text",
    [
        "LINK DOWN",
        "ifname=gi0/1",
        "Network",
        "ERROR",
        "poller",
        "sw-1",
        "straSSE",
        "deep=inside",
        "port=2",
        "ratio=0.5",
    ],
)
def test_all_that_a_record_says_can_be_found(text: str) -> None:
    data: dict[str, object] = {"message": "Link down", "labels": {"ifName": "Gi0/1"}, "street": "Straße"}
    data |= {"ports": [{"port": 1}, {"port": 2}], "a": {"b": [{"deep": "inside"}]}, "ratio": 0.5}
    assert search.matches(made(data), Query(text=text))


def test_text_is_bounded() -> None:
    long = made({"message": "x" * (TEXT_MAX - 60) + "middle" + "y" * TEXT_MAX + "end"})
    assert len(long["text"]) == TEXT_MAX
    assert search.matches(long, Query(text="middle"))
    assert not search.matches(long, Query(text="end"))


def test_a_page_is_bounded_whatever_is_asked() -> None:
    assert search.page(Query(limit=10**9)) == search.PAGE_MAX
    assert search.page(Query(limit=-1)) == 0


def test_a_kind_that_is_new_to_us_is_found_too() -> None:
    line = encode(Entry(Kind.EVENT, 1.0, "x", {"a": 1}), 0, 1.0).replace(b'"kind":"event"', b'"kind":"wonder"')
    assert row(line)[0]["kind"] == "wonder"


@pytest.mark.parametrize("line", [b"", b"{}", b"null", b'{"seq":1,"purged":"00","by":2}', b'{"seq":"1"}'])
def test_what_is_no_record_is_no_row(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        row(line)
