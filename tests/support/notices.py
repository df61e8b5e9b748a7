"""People, routes and incidents for tests of messages, and a board where the planner reads incidents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain, repeat
from typing import Any

from netmon.api import Alert, Incident, Severity, State, Unknown, labels_of
from netmon.core.notices.changes import NoticeChange
from netmon.core.notices.delivery import Failure
from netmon.core.notices.planner import Planner
from netmon.core.notices.render import Draft
from netmon.core.notices.settings import NotifySettings
from netmon.core.notices.words import Notice, Way

START = 1_800_000_000.0  # Friday 15 January 2027, 08:00 UTC, 15:00 in Jakarta


def settings(
    routes: Sequence[Mapping[str, Any]], people: Iterable[str] = ("andi", "budi"), **more: Any
) -> NotifySettings:
    """Return settings where everybody has a telegram and an email channel."""
    channels = {"telegram": {"url": "tgram://token/1"}, "email": {"url": "mailto://a:b@localhost"}}
    everybody = {name: {"channels": channels} for name in people}
    everybody |= more.pop("also", {})
    return NotifySettings.model_validate({"people": everybody, "routes": routes, "timezone": "Asia/Jakarta", **more})


def incident(number: int = 1, severity: Severity = Severity.ERROR, **more: Any) -> Incident:
    """Return an open incident of one device at site `kota`."""
    fields: dict[str, Any] = {
        "id": f"I{number}",
        "key": f"target/sw-{number}",
        "title": f"Device sw-{number} does not answer",
        "titles": {"id": f"Perangkat sw-{number} tidak menjawab"},
        "site": "kota",
        "severity": severity,
        "state": State.FIRING,
        "opened_at": START,
        "updated_at": START,
        "targets": (f"sw-{number}",),
        "target_count": 1,
    }
    return Incident(**(fields | more))


def alert(of: Incident, rule: str = "device_silent", **more: Any) -> Alert:
    """Return a firing alert of an incident."""
    target = more.pop("target", of.targets[0])
    fields: dict[str, Any] = {
        "id": sha256(f"{of.id}/{rule}/{target}".encode()).hexdigest()[:12],
        "key": f"{rule}/{target}",
        "rule": rule,
        "target": target,
        "site": of.site,
        "severity": of.severity,
        "state": State.FIRING,
        "summary": f"{rule} on {target}",
        "labels": labels_of(rule, target, of.site, of.severity, more.pop("labels", {})),
        "source": "core",
        "starts_at": of.opened_at,
        "updated_at": of.updated_at,
        "incident": of.id,
    }
    return Alert(**(fields | more))


@dataclass(frozen=True, slots=True)
class Seen:
    """A change as the alert engine gives it."""

    thing: object


@dataclass
class Board:
    """Incidents and their alerts, for the planner to look up."""

    all: dict[str, Incident] = field(default_factory=dict)
    alerts: dict[str, list[Alert]] = field(default_factory=dict)

    def incidents(self) -> Sequence[Incident]:
        return list(self.all.values())

    def incident(self, incident_id: str) -> Incident:
        if incident_id not in self.all:
            raise Unknown(incident_id)
        return self.all[incident_id]

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        return self.alerts.get(incident_id, [])


@dataclass(frozen=True)
class Told:
    """A message that arrived."""

    at: float
    notice: Notice
    person: str
    channel: str
    why: str
    subject: str
    body: str
    incidents: tuple[str, ...]


class Scene:
    """A planner, its board, and a clock that the test turns. Everything that is due arrives at once unless `down`."""

    def __init__(self, chosen: NotifySettings, now: float = START) -> None:
        self.planner = Planner(chosen)
        self.board = Board()
        self.now = now
        self.at_most: int | None = None  # of one tick
        self.made: list[NoticeChange] = []
        self.told: list[Told] = []
        self.down: set[str] = set()  # channels, or person/channel, that take nothing
        self.refused: set[str] = set()  # the same, for good
        self.slow = False  # messages stay on their way until `arrive`
        self.flights: dict[str, tuple[Notice, Draft]] = {}

    def say(self, *incidents: Incident) -> None:
        """Let incidents be new or changed."""
        for one in incidents:
            self.board.all[one.id] = one
        self.note(self.planner.observe([Seen(one) for one in incidents], self.board, self.now))

    def change(self, incident_id: str, **fields: Any) -> None:
        self.say(replace(self.board.all[incident_id], updated_at=self.now, **fields))

    def resolve(self, incident_id: str, *whys: str) -> None:
        """Let an incident end: its alerts for these reasons, the last of them for all that are left."""
        of_it = self.board.alerts.get(incident_id) or [alert(self.board.all[incident_id])]
        reasons = chain(whys, repeat(whys[-1] if whys else "cleared"))
        self.board.alerts[incident_id] = [
            replace(one, state=State.RESOLVED, resolved_at=self.now, why_resolved=why)
            for one, why in zip(of_it, reasons, strict=False)
        ]
        self.change(incident_id, state=State.RESOLVED, resolved_at=self.now)

    def acknowledge(self, incident_id: str, by: str = "operator") -> None:
        self.change(incident_id, state=State.ACKNOWLEDGED, acknowledged_at=self.now, acknowledged_by=by)

    def note(self, changes: Sequence[NoticeChange]) -> None:
        self.made += changes

    def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Turn the clock, tick by tick."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + step)
            self.look()

    def look(self) -> None:
        self.note(self.planner.tick(self.now, self.board, self.at_most))
        while self.at_most is not None and self.planner.behind(self.now):
            self.note(self.planner.tick(self.now, self.board, self.at_most))
        for notice in self.planner.due(self.now):
            if notice.id not in self.flights:
                self.attempt(notice)

    def attempt(self, notice: Notice) -> None:
        self.flights[notice.id] = (notice, self.planner.message(notice, self.board, self.now))
        if not self.slow:
            self.arrive()

    def arrive(self) -> None:
        """Let what is on its way arrive, or fail."""
        for notice, draft in list(self.flights.values()):
            names = {notice.channel, f"{notice.person}/{notice.channel}"}
            if names & self.refused or names & self.down:
                failure = Failure("the line is down", rejected=bool(names & self.refused))
                self.note(self.planner.failed(notice.id, failure, self.now))
            else:
                self.note(self.planner.delivered(notice.id, self.now, draft.said))
                self._told(notice, draft)
        self.flights.clear()

    def _told(self, notice: Notice, draft: Draft) -> None:
        arrived = replace(notice, state=Way.SENT, attempts=notice.attempts + 1, said=draft.said)
        sent = draft.message
        self.told.append(
            Told(
                self.now, arrived, sent.recipient, sent.channel, sent.why.value, sent.subject, sent.body, sent.incidents
            )
        )

    def whys(self, person: str, incident_id: str = "") -> list[str]:
        """Return why a person was told, in order."""
        return [
            one.why for one in self.told if one.person == person and (not incident_id or incident_id in one.incidents)
        ]

    def given_up(self) -> list[Notice]:
        return [c.notice for c in self.made if isinstance(c.notice, Notice) and c.notice.state is Way.FAILED]


TO_ANDI = {"steps": [{"notify": "person:andi"}]}
LADDER = {"steps": [{"notify": "person:andi"}, {"after_s": 900, "notify": "person:budi"}], "repeat_s": 3600}


def scene(*routes: Any, **more: Any) -> "Scene":
    """Return a scene with these routes; where none is given, one that tells andi."""
    return Scene(settings(routes or (TO_ANDI,), **more))
