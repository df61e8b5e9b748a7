"""Takes findings and events in: what is new goes into the ledger with all that follows from it, what is not is counted.

received = stored + dropped{reason} holds for each call, and for the link's metrics that are made of them.
"""

import asyncio
import time
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from netmon.api import Event, Finding, Receipt, Unavailable
from netmon.core.affairs import Affairs, Commit
from netmon.core.alerts.engine import Refused
from netmon.core.codec import encode, sane, to_data
from netmon.core.ledger.record import Entry, Kind

DUPLICATE: Final = "duplicate"  # this number of this sender is in the ledger already
REPEATED: Final = "repeated"  # says what is on record; only `updated_at` of its alert moved
MALFORMED: Final = "malformed"  # a time in it is none, or a text
TOO_LARGE: Final = "too_large"  # for a record of the ledger
UNRECORDED: Final = "ledger_full"  # not even memory could keep it
REFUSED: Final = "refused"  # the ledger was closed before it was on disk

_ENVELOPE_BYTES: Final = 4_096  # of a record, around what was said: times, key, names
_NEWS_S: Final = 60.0  # between two records of what changes no alert: new evidence of the same matter
_SAID_MAX: Final = 100_000  # findings whose last words are known: as many as there are alerts, 20 MB
_TURN_S: Final = 0.005  # of judging before others on the event loop get their turn


@dataclass(slots=True)
class _Tally:
    """What became of the things of one call. Events in a row wait in `row`: one piece of the ledger's work for all."""

    sender: str  # empty: what came has no numbers
    dropped: Counts[str] = field(default_factory=Counts)
    commits: list[tuple[asyncio.Future[int], int]] = field(default_factory=list)  # each with how many things it holds
    row: list[Entry] = field(default_factory=list)
    last: int = 0  # the number of the last of the row


class Intake:
    """The way in. `last` tells the highest number of a sender that the ledger has on disk."""

    def __init__(
        self, affairs: Affairs, last: Callable[[str], int], now: Callable[[], float], max_record_bytes: int = 1 << 20
    ) -> None:
        self._affairs = affairs
        self._last = last
        self._now = now
        self._max_bytes = max_record_bytes - _ENVELOPE_BYTES
        self._taken: dict[str, int] = {}  # by sender: the highest number taken, also those not on disk yet
        self._said: dict[str, tuple[int, float]] = {}  # by key: what was last recorded of it, and when
        self._newest: dict[str, asyncio.Future[int]] = {}  # by sender: the commit of the newest

    def last(self, sender: str) -> int:
        """Return the highest number of a sender that was taken."""
        return max(self._taken.get(sender, 0), self._last(sender))

    async def take(self, sender: str, numbered: Sequence[tuple[int, Finding | Event]]) -> Receipt:
        """Take what a sender numbered; returns when all of it is on disk. Order is kept."""
        return await self._all(_Tally(sender), numbered)

    async def submit(self, things: Sequence[Finding | Event], source: str) -> Receipt:
        """Take what has no numbers; returns when all of it is on disk."""
        return await self._all(_Tally(""), [(0, thing) for thing in things], source)

    async def _all(self, tally: _Tally, numbered: Sequence[tuple[int, Finding | Event]], source: str = "") -> Receipt:
        if not self._affairs.room:
            raise Unavailable("too much waits for the ledger; send it again when the disk takes records")
        sender = tally.sender
        try:
            turn = time.perf_counter()
            for number, thing in numbered:
                if time.perf_counter() - turn > _TURN_S:
                    self._record(tally)
                    await asyncio.sleep(0)
                    turn = time.perf_counter()
                if sender and number <= max(self.last(sender), tally.last):
                    tally.dropped[DUPLICATE] += 1
                    continue
                self._one(thing, source or sender, number, tally)
        finally:  # what was judged before a bug struck is recorded; what comes again is told from it
            self._record(tally)
            if tally.commits and sender:
                self._newest[sender] = tally.commits[-1][0]
        newest = self._newest.get(sender)
        if newest is not None and not newest.done():
            await asyncio.wait([newest])  # a duplicate's record may be among those that are not on disk yet
        return await _receipt(len(numbered), tally)

    def _one(self, thing: Finding | Event, source: str, number: int, tally: _Tally) -> None:
        key = f"{tally.sender}:{number}" if tally.sender else ""
        try:
            thing = sane(thing)
            size = len(encode(thing))  # what is no text (half a surrogate pair) is found here, before anything follows
        except ValueError:
            self._drop(tally, MALFORMED, number)
            return
        if size > self._max_bytes:
            self._drop(tally, TOO_LARGE, number)
        elif isinstance(thing, Event):
            tally.row.append(event_entry(thing, source, key))
            tally.last = number
        else:
            self._record(tally)  # order is kept
            self._judge(thing, source, key, number, tally)

    def _judge(self, finding: Finding, source: str, key: str, number: int, tally: _Tally) -> None:
        now = self._now()
        try:
            changes = self._affairs.alerts.say(finding, source, now)
        except Refused as refused:
            self._drop(tally, refused.reason, number)
            return
        news = self._is_news(finding, now, changed=bool(changes))
        if not changes and not news:
            self._drop(tally, REPEATED, number)
            return
        self._note(tally, self._affairs.settle(changes, now, [finding_entry(finding, source, key)]), 1, number)

    def _is_news(self, finding: Finding, now: float, *, changed: bool) -> bool:
        """Tell whether a finding that changes no alert says something new: it is recorded, but not every second."""
        said = hash((finding.summary, finding.severity, finding.impact, tuple(finding.evidence.items())))
        old = self._said.get(finding.key)
        if changed or old is None:
            if len(self._said) >= _SAID_MAX:
                self._said.clear()
            self._said[finding.key] = said, now
            return False
        if old[0] == said or abs(now - old[1]) < _NEWS_S:
            return False
        self._said[finding.key] = said, now
        return True

    def _record(self, tally: _Tally) -> None:
        """Record the events that wait in a row, each by itself but all at once."""
        row, tally.row = tally.row, []
        if row:
            self._note(tally, self._affairs.record_events(row), len(row), tally.last)

    def _note(self, tally: _Tally, committed: Commit, count: int, number: int) -> None:
        if committed is None:
            tally.dropped[UNRECORDED] += count
        else:
            tally.commits.append((committed, count))
        self._passed(tally, number)

    def _drop(self, tally: _Tally, reason: str, number: int) -> None:
        self._record(tally)
        tally.dropped[reason] += 1
        self._passed(tally, number)

    def _passed(self, tally: _Tally, number: int) -> None:
        if tally.sender:
            self._taken[tally.sender] = number


async def _receipt(received: int, tally: _Tally) -> Receipt:
    if tally.commits:
        await asyncio.wait([tally.commits[-1][0]])  # commits are in order: with the last one all are done
    refused = sum(count for commit, count in tally.commits if commit.exception() is not None)
    if refused:
        tally.dropped[REFUSED] += refused
    stored = sum(count for _, count in tally.commits) - refused
    return Receipt(received, stored, dict(tally.dropped))


def event_entry(event: Event, source: str, key: str) -> Entry:
    """Return an event's entry."""
    data = to_data(replace(event, fields=dict(event.fields)))
    return Entry(Kind.EVENT, event.at, source, data, event.category, event.target, event.severity, key)


def finding_entry(finding: Finding, source: str, key: str) -> Entry:
    """Return a finding's entry."""
    return Entry(Kind.FINDING, finding.at, source, to_data(finding), "", finding.target, finding.severity, key)
