"""The core's counter: what operators and the ways out see and do. Implements `netmon.api.Desk`.

What an operator does is one act in the ledger: who did what, and all that followed. It is answered when it is on disk,
and refused while the ledger cannot be written.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

import structlog

from netmon.api import (
    Alert,
    CoreStatus,
    Event,
    Finding,
    Incident,
    Maintenance,
    NewMaintenance,
    NewSilence,
    Query,
    Receipt,
    Silence,
    Unavailable,
    Unrecorded,
)
from netmon.api.predictions import Outcome, Predicted, RuleAccount
from netmon.api.unusual import Unusual
from netmon.core.affairs import Affairs
from netmon.core.alerts.changes import Change
from netmon.core.codec import to_data
from netmon.core.intake import Intake
from netmon.core.journal import Journal
from netmon.core.ledger.record import Entry, Kind

log = structlog.get_logger(__name__)

COMMIT_TIMEOUT_S: Final = 5.0  # how long somebody waits for an answer; a commit takes some 20 ms
UNUSUAL_BEFORE_S: Final = 1_800.0  # what was unusual before an incident opened may be how it began
UNUSUAL_AFTER_S: Final = 300.0  # after its end: what came back at once is part of it

_TAKEN_A_SECOND: Final = 2_000  # findings, at least, on a busy machine


class History(Protocol):
    """The index of the ledger, as far as the desk needs it."""

    async def query(self, query: Query) -> Sequence[Mapping[str, object]]:
        """Return records."""


class OperatorsDesk:
    """What people do and see. `status` tells how the core is, `ends_of` the targets that an element is about."""

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place, by name
        self,
        affairs: Affairs,
        journal: Journal,
        intake: Intake,
        history: History,
        status: Callable[[], CoreStatus],
        now: Callable[[], float],
        ends_of: Callable[[str], Collection[str]] = lambda _element: (),
    ) -> None:
        self._affairs = affairs
        self._journal = journal
        self._intake = intake
        self._history = history
        self._now = now
        self._ends_of = ends_of
        self.status = status

    def alerts(self) -> Sequence[Alert]:
        """Return the alerts that are open, and those resolved lately, worst and newest first."""
        return self._affairs.alerts.alerts()

    def alert(self, alert_id: str) -> Alert:
        """Return one alert by its id or an unambiguous beginning of it."""
        return self._affairs.alerts.alert(alert_id)

    def incidents(self) -> Sequence[Incident]:
        """Return the incidents that are open, and those resolved lately, worst and newest first."""
        return self._affairs.alerts.incidents()

    def incident(self, incident_id: str) -> Incident:
        """Return one incident."""
        return self._affairs.alerts.incident(incident_id)

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """Return the alerts of an incident."""
        return self._affairs.alerts.alerts_of(incident_id)

    def silences(self) -> Sequence[Silence]:
        """Return silences that are active or will be, and those that ended lately."""
        return self._affairs.alerts.silences()

    def maintenances(self) -> Sequence[Maintenance]:
        """Return maintenance windows that are open or will be, and those that ended lately."""
        return self._affairs.alerts.maintenances()

    def predictions(self, outcomes: Collection[Outcome]) -> Sequence[Predicted]:
        """Return predictions with these outcomes: open ones, the nearest first, then the latest scored."""
        return self._affairs.predictions.predictions(outcomes)

    def prediction_accounts(self, since: float | None = None) -> Sequence[RuleAccount]:
        """Return what became of each rule's predictions, of those scored since a time if one is given."""
        return self._affairs.predictions.accounts(since)

    def unusual(self, since: float, until: float) -> Sequence[Unusual]:
        """Return the series that were unusual then, each when most so, the most unusual first."""
        return self._affairs.unusual.found(since, until)

    def unusual_at(self, incident_id: str) -> Sequence[Unusual]:
        """Return what was unusual at all targets of an incident and of its cause, around its time."""
        incident = self.incident(incident_id)
        targets = {alert.target for alert in self.alerts_of(incident_id) if alert.target}
        targets.update(self._ends_of(incident.cause))
        end = self._now() if incident.resolved_at is None else incident.resolved_at
        since = incident.opened_at - UNUSUAL_BEFORE_S
        return self._affairs.unusual.found(since, end + UNUSUAL_AFTER_S, targets)

    async def history(self, query: Query) -> Sequence[Mapping[str, object]]:
        """Return records of the ledger, each as it stands there."""
        return await self._history.query(query)

    async def submit(self, things: Sequence[Finding | Event], source: str) -> Receipt:
        """Take findings and events; returns when they are on disk, or Unavailable when they will not be soon."""
        self._must_be_writable()
        taking = asyncio.ensure_future(self._intake.submit(things, source))
        done, _ = await asyncio.wait([taking], timeout=COMMIT_TIMEOUT_S + len(things) / _TAKEN_A_SECOND)
        if not done:  # it goes on: half of what came would be the worst
            taking.add_done_callback(_looked_at)
            raise Unrecorded("the disk stopped taking records meanwhile; what came is recorded when it takes them")
        return taking.result()

    async def acknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Take alerts, or all of an incident, in hand."""
        return await self._alerts("acknowledge", ids, author, note)

    async def unacknowledge(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Put alerts back."""
        return await self._alerts("unacknowledge", ids, author, note)

    async def resolve(self, ids: Sequence[str], author: str, note: str = "") -> Sequence[Alert]:
        """Close alerts by hand."""
        return await self._alerts("resolve", ids, author, note)

    async def comment(self, thing: str, author: str, note: str) -> None:
        """Add a remark to an alert or an incident, for the record."""
        self._must_be_writable()
        now = self._now()
        changes = self._affairs.alerts.comment(thing, author, note, now)
        await self._act("comment", author, {"id": thing, "note": note}, changes, now)

    async def silence(self, new: NewSilence, author: str) -> Silence:
        """Keep what matches from disturbing people."""
        self._must_be_writable()
        now = self._now()
        made, changes = self._affairs.alerts.silence(new, author, now)
        await self._act("silence", author, to_data(new), changes, now)
        return made

    async def end_silence(self, silence_id: str, author: str) -> Silence:
        """End a silence now."""
        self._must_be_writable()
        now = self._now()
        changes = self._affairs.alerts.end_silence(silence_id, author, now)
        await self._act("end_silence", author, {"id": silence_id}, changes, now)
        return next(change.thing for change in changes if isinstance(change.thing, Silence))

    async def maintain(self, new: NewMaintenance, author: str) -> Maintenance:
        """Announce work."""
        self._must_be_writable()
        now = self._now()
        made, changes = self._affairs.alerts.maintain(new, author, now)
        await self._act("maintain", author, to_data(new), changes, now)
        return made

    async def end_maintenance(self, maintenance_id: str, author: str) -> Maintenance:
        """End a maintenance window now."""
        self._must_be_writable()
        now = self._now()
        changes = self._affairs.alerts.end_maintenance(maintenance_id, author, now)
        await self._act("end_maintenance", author, {"id": maintenance_id}, changes, now)
        return next(change.thing for change in changes if isinstance(change.thing, Maintenance))

    async def _alerts(self, what: str, ids: Sequence[str], author: str, note: str) -> Sequence[Alert]:
        self._must_be_writable()
        now = self._now()
        engine = self._affairs.alerts
        changes: list[Change] = getattr(engine, what)(ids, author, note, now)
        await self._act(what, author, {"ids": list(ids), "note": note}, changes, now)
        touched = dict.fromkeys(c.thing.id for c in changes if isinstance(c.thing, Alert))
        return [engine.alert(alert_id) for alert_id in touched]

    async def _act(
        self, what: str, author: str, about: Mapping[str, Any], changes: Sequence[Change], now: float
    ) -> None:
        entry = Entry(Kind.ACTION, now, f"user {author}", {"what": what, "by": author, **about})
        committed = self._affairs.settle(changes, now, [entry])
        if committed is None:
            raise Unrecorded("the ledger takes nothing more; what you did took effect and is recorded nowhere")
        await self._on_disk(committed)

    @staticmethod
    async def _on_disk(committed: "asyncio.Future[int]") -> None:
        try:
            await asyncio.wait_for(asyncio.shield(committed), COMMIT_TIMEOUT_S)
        except TimeoutError:
            raise Unrecorded(
                "the disk stopped taking records meanwhile; what you did took effect and is recorded when it takes them"
            ) from None

    def _must_be_writable(self) -> None:
        if not self._journal.writable:
            raise Unavailable("the ledger cannot be written, so nothing was changed; see `netmon status` and the disk")


def _looked_at(taking: asyncio.Future[Receipt]) -> None:
    if not taking.cancelled() and (error := taking.exception()) is not None:
        log.error("what came over HTTP could not be taken in the end", error=str(error))
