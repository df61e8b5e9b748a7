"""What is going on: alerts, incidents, and who is to be told. Every change goes through here into the journal.

The engine and the planner decide; here their changes become one act in the ledger, and after its commit the ways out
learn of it.
"""

from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import structlog
from prometheus_client import CollectorRegistry, Counter

from netmon.api import Alert, AlertSink
from netmon.api.predictions import PREDICTION
from netmon.api.unusual import ANOMALY
from netmon.core.alerts.changes import Change
from netmon.core.alerts.changes import from_record as change_from
from netmon.core.alerts.changes import to_entry as change_entry
from netmon.core.alerts.engine import Alerts
from netmon.core.journal import Journal
from netmon.core.ledger.record import Entry, Kind, Record
from netmon.core.notices.changes import NoticeChange
from netmon.core.notices.changes import from_record as notice_from
from netmon.core.notices.changes import to_entry as notice_entry
from netmon.core.notices.planner import Planner
from netmon.core.notices.words import Notice
from netmon.core.predictions.metrics import PredictionMetrics
from netmon.core.predictions.tally import Tally
from netmon.core.unusual.board import Board
from netmon.core.unusual.metrics import UnusualMetrics

log = structlog.get_logger(__name__)

Commit: TypeAlias = Future[int] | None
"""Done when a record is on disk. None: there was nothing to record, or it cannot even wait for the disk."""

STEPPED: Final = "clock stepped"
"""What a record says that moves every deadline, with `seconds`: it moves them again at each replay."""

_ALERTS: Final = frozenset({Kind.ALERT, Kind.INCIDENT, Kind.SILENCE, Kind.MAINTENANCE})


class Affairs:
    """Engine, planner and journal as one. `source` is this daemon's name in the records it makes."""

    def __init__(
        self, alerts: Alerts, planner: Planner, journal: Journal, source: str, registry: CollectorRegistry
    ) -> None:
        self.alerts = alerts
        self.planner = planner
        self.predictions = Tally()
        PredictionMetrics(self.predictions, registry)
        self.unusual = Board()
        UnusualMetrics(self.unusual, registry)
        self.sinks: list[AlertSink] = []
        self.told: Callable[[], None] = lambda: None  # wakes who sends messages
        self._journal = journal
        self._source = source
        self._unrecorded: set[str] = set()  # notices whose record is not on disk yet: not to be sent
        self._changes = Counter(
            "netmon_alert_changes", "Changes of alerts, incidents and what mutes them", ["what"], registry=registry
        )
        self._replayed = Counter(
            "netmon_core_replayed_records",
            "Records that a start read again to know what was going on",
            registry=registry,
        )

    @property
    def room(self) -> bool:
        """Tell whether the ledger can take what is decided now."""
        return self._journal.room

    def settle(self, changes: Sequence[Change], now: float, before: Iterable[Entry] = ()) -> Commit:
        """Record changes that were made, with the entries that led to them, as one act."""
        notices = self.planner.observe(changes, self.alerts, now) if changes else []
        return self._record(changes, notices, now, before)

    def record_events(self, entries: Sequence[Entry]) -> Commit:
        """Record what led to nothing else: in one piece, but each entry is an act of its own."""
        for entry in entries:
            self._count(entry.kind, entry.category, entry.target, entry.at, entry.data)
        return self._journal.record_each(entries)

    def settle_notices(self, notices: Sequence[NoticeChange], now: float) -> Commit:
        """Record what became of messages."""
        return self._record((), notices, now, ())

    def due(self, now: float) -> list[Notice]:
        """Return the notices that are to be sent now; those whose record is not on disk yet wait for it."""
        return [notice for notice in self.planner.due(now) if notice.id not in self._unrecorded]

    def _record(
        self, changes: Sequence[Change], notices: Sequence[NoticeChange], now: float, before: Iterable[Entry]
    ) -> Commit:
        act = [
            *before,
            *(change_entry(change, now, self._source) for change in changes),
            *(notice_entry(notice, now, self._source) for notice in notices),
        ]
        if not act:
            return None
        for change in changes:
            self._changes.labels(f"{type(change.thing).__name__.lower()} {change.what}").inc()
        changed = list({c.thing.id: c.thing for c in changes if isinstance(c.thing, Alert)}.values())
        fresh = {change.notice.id for change in notices if isinstance(change.notice, Notice)}
        self._unrecorded |= fresh

        def effect() -> None:
            self._unrecorded -= fresh
            self._tell(changed)
            if fresh:
                self.told()

        return self._journal.record(act, effect)

    def _tell(self, changed: Sequence[Alert]) -> None:
        if not changed:
            return
        for sink in self.sinks:
            try:
                sink.changed(changed)
            except Exception:  # a bug in one way out must not close the others
                log.exception("a way out failed", sink=sink.name)

    def replay(self, record: Record) -> None:
        """Take a record of an earlier run as what happened."""
        self._replayed.inc()
        try:
            if record.kind in _ALERTS:
                change = change_from(record)
                if change is not None:
                    self.alerts.apply(change)
            elif record.kind is Kind.NOTIFICATION:
                notice = notice_from(record)
                if notice is not None:
                    self.planner.apply(notice)
            elif record.kind is Kind.EVENT:
                self._count(record.kind, record.category, record.target, record.data.get("at"), record.data)
            elif record.kind is Kind.SYSTEM and record.data.get("what") == STEPPED:
                self.step_clock(float(record.data["seconds"]))
        except (ValueError, KeyError, TypeError) as error:  # one bad record must not keep the core from its work
            log.error("a record could not be taken for what happened", seq=record.seq, error=str(error))  # noqa: TRY400

    def snapshot(self) -> dict[str, Any]:
        """Return everything as data ready for JSON."""
        return {
            "alerts": self.alerts.snapshot(),
            "notices": self.planner.snapshot(),
            "predictions": self.predictions.snapshot(),
            "unusual": self.unusual.snapshot(),
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take everything from a snapshot; ValueError or KeyError where it is none."""
        predictions, unusual = data["predictions"], data["unusual"]  # first: a snapshot from before they were is none
        self.alerts.restore(data["alerts"])
        self.planner.restore(data["notices"])
        self.predictions.restore(predictions)
        self.unusual.restore(unusual)

    def _count(self, kind: Kind, category: str, target: str, at: object, data: Mapping[str, Any]) -> None:
        """Have predictions, and what became of them, in the account, and anomalies on the board."""
        if kind is not Kind.EVENT or not isinstance(at, float | int):
            return
        if category == PREDICTION:
            self.predictions.learn(target, float(at), data.get("fields"))
        elif category == ANOMALY:
            self.unusual.learn(target, float(at), data.get("fields"))

    def step_clock(self, delta_s: float) -> None:
        """Move every deadline with the clock."""
        self.alerts.step_clock(delta_s)
        self.planner.step_clock(delta_s)
