"""Looks once a second: what is due, whether the clock was stepped, who went silent, whether the ledger can be written.

What it finds wrong with netmon itself becomes findings like all others.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from netmon.api import Finding, Severity
from netmon.core.affairs import STEPPED, Affairs
from netmon.core.alerts.engine import Refused
from netmon.core.clock import StepDetector, boottime
from netmon.core.intake import finding_entry
from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.record import Entry, Kind

log = structlog.get_logger(__name__)

OWN: Final = "netmon"  # the rule names of findings on netmon itself begin with this
_AT_ONCE: Final = 500  # alerts whose time has come, before others on the event loop get their turn: 20 ms
_TURNS: Final = 2_000  # of these a look: a million alerts; the next look goes on
_NEVER_S: Final = 10 * 365 * 86_400.0  # only the core itself ends what it says
_FORGET_SOURCE_S: Final = 30 * 86_400.0  # one that was away for a month is not expected any more


@dataclass(slots=True)
class Sources:
    """Daemons that send to us, and when each was last heard, by a clock that is never stepped."""

    silent_after_s: float
    heard: dict[str, float] = field(default_factory=dict)  # sender → Unix seconds, for people and for the next start
    _seen: dict[str, float] = field(default_factory=dict)  # sender → monotonic seconds
    replaced: list[str] = field(default_factory=list)  # senders whose place another took; the minder empties it
    _away: set[str] = field(default_factory=set)

    def restore(self, heard: Mapping[str, float], now: float, monotonic: float) -> None:
        """Expect those that were heard in an earlier run; they have from now on to be heard again."""
        for sender, at in heard.items():
            if now - at < _FORGET_SOURCE_S:
                self.heard.setdefault(sender, at)
                self._seen.setdefault(sender, monotonic)

    def see(self, sender: str, now: float, monotonic: float) -> None:
        """Note when a sender was last heard. One with the same name and another number takes the old one's place."""
        if self._seen.get(sender, -1.0) >= monotonic:
            return
        if sender not in self._seen:
            name = name_of(sender)
            for old in [one for one in self._seen if one != sender and name_of(one) == name]:
                self.forget(old)
                self.replaced.append(old)
        self.heard[sender], self._seen[sender] = now, monotonic

    def forget(self, sender: str) -> None:
        """Expect a sender no longer."""
        self.heard.pop(sender, None)
        self._seen.pop(sender, None)
        self._away.discard(sender)

    @property
    def away(self) -> frozenset[str]:
        """Return the senders that are silent."""
        return frozenset(self._away)

    def changes(self, monotonic: float) -> Iterator[tuple[str, bool]]:
        """Give each sender that went silent (False) or is back (True) since the last look."""
        for sender, seen in self._seen.items():
            away = monotonic - seen > self.silent_after_s
            if away and sender not in self._away:
                self._away.add(sender)
                yield sender, False
            elif not away and sender in self._away:
                self._away.discard(sender)
                yield sender, True


def name_of(sender: str) -> str:
    """Return a sender's name without the digits that tell one spool from the next."""
    return sender.rpartition("-")[0] or sender


class Minder:
    """What a second brings."""

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place, by name
        self,
        affairs: Affairs,
        sources: Sources,
        detector: StepDetector,
        ledger: Ledger,
        name: str,
        registry: CollectorRegistry,
    ) -> None:
        self._affairs = affairs
        self._sources = sources
        self._detector = detector
        self._store = ledger
        self._name = name
        self._problem = self._damage = ""
        self.silent_s: Callable[[], Mapping[str, float]] = dict  # sender → seconds since it was heard on the link
        self._steps = Counter("netmon_clock_steps", "Steps of the wall clock that were noticed", registry=registry)
        self._step = Gauge("netmon_clock_last_step_seconds", "The last step of the wall clock", registry=registry)

    async def look(self, now: float, monotonic: float) -> None:
        """Do what this moment asks for. `monotonic` counts on while the machine sleeps and is never stepped."""
        self._clock(now, monotonic)
        for sender, silent_s in self.silent_s().items():
            self._sources.see(sender, now - silent_s, monotonic - silent_s)
        self._ledger(now)
        while self._sources.replaced:  # what the old one said and the new one does not say again is over in due time
            self._replaced(self._sources.replaced.pop(), now)
        for sender, back in list(self._sources.changes(monotonic)):
            self._source(sender, now, back=back)
        engine, planner = self._affairs.alerts, self._affairs.planner
        began, at = boottime(), now  # others act between two turns: each turn has its own time, not that of the first
        for _ in range(_TURNS):
            self._affairs.settle(engine.tick(at, _AT_ONCE), at)
            if not engine.behind(at):
                break
            await asyncio.sleep(0)
            at = now + boottime() - began
        for finding in engine.found(at):
            if not self.say(finding, at):
                break  # no room for one is no room for the others; the next look finds them again
        for _ in range(_TURNS):
            self._affairs.settle_notices(planner.tick(at, engine, _AT_ONCE), at)
            if not planner.behind(at):
                break
            await asyncio.sleep(0)
            at = now + boottime() - began

    def say(self, finding: Finding, now: float) -> bool:
        """Take a finding of the core's own; False when there was no room for it, so that it is said again."""
        try:
            changes = self._affairs.alerts.say(finding, self._name, now)
        except Refused as refused:
            log.error("a finding on netmon itself was not taken", finding=finding.key, problem=str(refused))  # noqa: TRY400
            return False
        if changes:
            self._affairs.settle(changes, now, [finding_entry(finding, self._name, "")])
        return True

    def _clock(self, now: float, monotonic: float) -> None:
        delta_s = self._detector.see(now, monotonic)
        if not delta_s:
            return
        log.warning("the clock was stepped", seconds=round(delta_s, 3))
        self._steps.inc()
        self._step.set(delta_s)
        self._affairs.step_clock(delta_s)
        entry = Entry(Kind.SYSTEM, now, self._name, {"what": STEPPED, "seconds": round(delta_s, 6)})
        self._affairs.settle((), now, [entry])

    def _ledger(self, now: float) -> None:
        damage = self._store.damage
        if damage != self._damage and (not damage or self.say(damage_finding(self._name, damage, now), now)):
            self._damage = damage
        problem = self._store.problem
        if bool(problem) == bool(self._problem) or self.say(
            ledger_finding(self._name, problem or self._problem, now, cleared=not problem), now
        ):
            self._problem = problem

    def _replaced(self, sender: str, now: float) -> None:
        self._affairs.alerts.source_back(sender, now)
        self.say(silence_finding(sender, self._sources.silent_after_s, now, cleared=True), now)

    def _source(self, sender: str, now: float, *, back: bool) -> None:
        engine = self._affairs.alerts
        self.say(silence_finding(sender, self._sources.silent_after_s, now, cleared=back), now)
        (engine.source_back if back else engine.source_away)(sender, now)
        what = "source is back" if back else "source went silent"
        log.warning(what, sender=sender)
        self._affairs.settle((), now, [Entry(Kind.SYSTEM, now, self._name, {"what": what, "sender": sender})])


def ledger_finding(name: str, problem: str, now: float, *, cleared: bool) -> Finding:
    """Return the finding on a ledger that cannot be written."""
    return Finding(
        rule=f"{OWN}_ledger_unwritable",
        target=name,
        at=now,
        severity=Severity.CRITICAL,
        summary=f"The ledger cannot be written: {problem}",
        key=f"{OWN}/ledger/{name}",
        evidence={"problem": problem},
        cleared=cleared,
        expires_s=_NEVER_S,
        summaries={"id": f"Buku besar tidak dapat ditulis: {problem}"},
    )


def damage_finding(name: str, damage: str, now: float) -> Finding:
    """Return the finding on committed records that are not what was committed. A person must look: it never clears."""
    return Finding(
        rule=f"{OWN}_ledger_damaged",
        target=name,
        at=now,
        severity=Severity.CRITICAL,
        summary=f"The ledger was changed or damaged on disk: {damage}. Run `netmon ledger verify`",
        key=f"{OWN}/damage/{name}",
        evidence={"problem": damage},
        expires_s=_NEVER_S,
        summaries={"id": f"Buku besar berubah atau rusak di disk: {damage}. Jalankan `netmon ledger verify`"},
    )


def silence_finding(sender: str, silent_s: float, now: float, *, cleared: bool) -> Finding:
    """Return the finding on a daemon that went silent. It belongs to the daemon's name, whatever its spool."""
    name = name_of(sender)
    return Finding(
        rule=f"{OWN}_collector_stopped",
        target=name,
        at=now,
        severity=Severity.CRITICAL,
        summary=f"The collector {name} has not been heard for {silent_s:g} s: what it watches is not watched now",
        key=f"{OWN}/collector/{name}",
        evidence={"sender": sender, "silent_s": silent_s},
        cleared=cleared,
        expires_s=_NEVER_S,
        summaries={
            "id": f"Pengumpul {name} tidak terdengar selama {silent_s:g} detik: yang diawasinya kini tidak terawasi"
        },
    )
