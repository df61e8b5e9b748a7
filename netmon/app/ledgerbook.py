"""A ledger as commands read it: through its index where there is one, else record by record. Writes nothing.

Works beside the daemon and without it. What is not in the index yet is read from the ledger itself, so that an answer
is whole in any case.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from netmon.api import Query, Unavailable
from netmon.app.text import t
from netmon.core.ledger import committed
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.lookup import Lookup, scan
from netmon.core.ledger.search import PAGE_MAX
from netmon.core.ledger.segments import read

Record = dict[str, Any]

LAG_TOLD: Final = 1_000  # fewer records than these cost nobody any time
LOOK_S: Final = 0.3  # between two looks for new records
_PATIENCE_S: Final = 3600.0  # of a search: whoever asks can see that it lasts, and stop it

_decode: Final = msgspec.json.Decoder(Record)


class Book:
    """One ledger. `say` takes what the reader should know of how it is read."""

    def __init__(self, ledger: Path, settings: IndexSettings, say: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._say = say
        patient = settings.model_copy(update={"query_timeout_s": _PATIENCE_S})
        self._lookup = Lookup(ledger, patient)

    def newest(self, query: Query, count: int) -> list[Record]:
        """Return the newest records that a query asks for, the oldest of them first."""
        query = replace(query, newest_first=True)
        try:
            return [record for page in self._pages(query, count) for record in page][::-1]
        except Unavailable as problem:
            self._without_index(problem)
        return [_decode.decode(line) for line in deque(scan(read(self._ledger), query), maxlen=count)]

    def all(self, query: Query) -> Iterator[Record]:
        """Give every record that a query asks for, the oldest first."""
        query = replace(query, newest_first=False)
        try:
            for page in self._pages(query, None):
                yield from page
                query = replace(query, after_seq=page[-1]["seq"] if page else query.after_seq)
        except Unavailable as problem:
            self._without_index(problem)
            first = 0 if query.after_seq is None else query.after_seq + 1
            yield from (_decode.decode(line) for line in scan(read(self._ledger, first), query))

    def size(self) -> int:
        """Return how many records there are."""
        hint = committed.load(self._ledger)
        return hint.tree.size if hint is not None else sum(1 for _ in read(self._ledger))

    def follow(self, query: Query, first_seq: int) -> Iterator[Record]:
        """Give records from this one on as they are committed, for ever."""
        while True:
            for seq, line in read(self._ledger, first_seq):
                first_seq = seq + 1
                yield from (_decode.decode(found) for found in scan([(seq, line)], query))
            time.sleep(LOOK_S)

    def close(self) -> None:
        """Let go of the index."""
        self._lookup.close()

    def _pages(self, query: Query, count: int | None) -> Iterator[list[Record]]:
        """Give the answer page by page; Unavailable where the index cannot be read."""
        while count is None or count > 0:
            limit = PAGE_MAX if count is None else min(count, PAGE_MAX)
            answer = self._lookup.find(replace(query, limit=limit))
            if answer.lag > LAG_TOLD and query.after_seq is None:
                self._say(t("events.lag", count=answer.lag))
            yield answer.records
            if len(answer.records) < limit:
                return
            count = None if count is None else count - limit
            query = replace(query, after_seq=answer.records[-1]["seq"])

    def _without_index(self, problem: Unavailable) -> None:
        self._say(t("events.no_index", problem=problem))
