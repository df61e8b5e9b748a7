"""Takes findings and events in: what is new goes into the ledger with all that follows from it, what is not is counted.

received = stored + dropped{reason} holds for each call, and for the link's metrics that are made of them.
"""

import asyncio
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from netmon.api import Event, Finding, Receipt, Unavailable
from netmon.core.affairs import Affairs
from netmon.core.alerts.engine import Refused
from netmon.core.codec import encode, sane, to_data
from netmon.core.ledger.record import Entry, Kind

DUPLICATE: Final = "duplicate"  # this number of this sender is in the ledger already
REPEATED: Final = "repeated"  # says what is known; only `updated_at` of its alert moved
MALFORMED: Final = "malformed"  # a time in it is none, or a text
UNRECORDED: Final = "ledger_full"  # not even memory could keep it
REFUSED: Final = "refused"  # the ledger takes no such record: it is too long

_SLICE: Final = 200  # things judged before others on the event loop get their turn: about 10 ms


class Intake:
    """The way in. `last` tells the highest number of a sender that the ledger has."""

    def __init__(self, affairs: Affairs, last: Callable[[str], int], now: Callable[[], float]) -> None:
        self._affairs = affairs
        self._last = last
        self._now = now
        self._taken: dict[str, int] = {}  # by sender: the highest number taken, also those not on disk yet
        self._newest: dict[str, asyncio.Future[int]] = {}  # by sender: the commit of the newest

    def last(self, sender: str) -> int:
        """Return the highest number of a sender that was taken."""
        return max(self._taken.get(sender, 0), self._last(sender))

    async def take(self, sender: str, numbered: Sequence[tuple[int, Finding | Event]]) -> Receipt:
        """Take what a sender numbered; returns when all of it is on disk. Order is kept."""
        commits: list[asyncio.Future[int]] = []
        dropped: Counts[str] = Counts()
        self._must_have_room()
        for place, (number, thing) in enumerate(numbered):
            if place % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            if number <= self.last(sender):
                dropped[DUPLICATE] += 1
                continue
            self._one(thing, sender, f"{sender}:{number}", commits, dropped)
            self._taken[sender] = number
            if commits:
                self._newest[sender] = commits[-1]
        newest = self._newest.get(sender)
        if newest is not None and not newest.done():
            await asyncio.wait([newest])  # a duplicate's record may be among those that are not on disk yet
        return await _receipt(len(numbered), commits, dropped)

    async def submit(self, things: Sequence[Finding | Event], source: str) -> Receipt:
        """Take what has no numbers; returns when all of it is on disk."""
        commits: list[asyncio.Future[int]] = []
        dropped: Counts[str] = Counts()
        self._must_have_room()
        for place, thing in enumerate(things):
            if place % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            self._one(thing, source, "", commits, dropped)
        return await _receipt(len(things), commits, dropped)

    def _must_have_room(self) -> None:
        if not self._affairs.room:
            raise Unavailable("too much waits for the ledger; send it again when the disk takes records")

    def _one(
        self,
        thing: Finding | Event,
        source: str,
        key: str,
        commits: "list[asyncio.Future[int]]",
        dropped: "Counts[str]",
    ) -> None:
        now = self._now()
        try:
            thing = sane(thing)
            encode(thing)  # what is no text (half a surrogate pair) is found here, before anything follows from it
        except ValueError:
            dropped[MALFORMED] += 1
            return
        if isinstance(thing, Event):
            committed = self._affairs.settle((), now, [event_entry(thing, source, key)])
        else:
            try:
                changes = self._affairs.alerts.say(thing, source, now)
            except Refused as refused:
                dropped[refused.reason] += 1
                return
            if not changes:
                dropped[REPEATED] += 1
                return
            committed = self._affairs.settle(changes, now, [finding_entry(thing, source, key)])
        if committed is None:
            dropped[UNRECORDED] += 1
        else:
            commits.append(committed)


async def _receipt(received: int, commits: "Sequence[asyncio.Future[int]]", dropped: "Counts[str]") -> Receipt:
    if commits:
        await asyncio.wait(commits[-1:])  # commits are in order: with the last one all are done
    refused = sum(commit.exception() is not None for commit in commits)
    if refused:
        dropped[REFUSED] += refused
    return Receipt(received, len(commits) - refused, dict(dropped))


def event_entry(event: Event, source: str, key: str) -> Entry:
    """Return an event's entry."""
    data = to_data(replace(event, fields=dict(event.fields)))
    return Entry(Kind.EVENT, event.at, source, data, event.category, event.target, event.severity, key)


def finding_entry(finding: Finding, source: str, key: str) -> Entry:
    """Return a finding's entry."""
    return Entry(Kind.FINDING, finding.at, source, to_data(finding), "", finding.target, finding.severity, key)
