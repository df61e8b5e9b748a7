"""What tests of the ledger and its index share: a ledger on disk, and an index that nobody used yet."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from netmon.core.ledger.index_settings import IndexSettings
from tests.support.ledger_index import QUICK
from tests.support.postgresql import Postgresql, postgresql
from tests.support.segments import Segments


@pytest.fixture(scope="session")  # starting one takes seconds
def server() -> Iterator[Postgresql]:
    """Return a PostgreSQL for all of them: each makes a database of its own."""
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
    """Return a ledger on disk."""
    return Segments(tmp_path / "ledger")
