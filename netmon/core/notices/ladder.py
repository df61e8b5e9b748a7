"""Routes and their steps: who is told first, who is called when nobody answers, and when it is said again. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from netmon.api import Alert, Incident, Notices, State, Unknown
from netmon.core.alerts.matchers import Conditions
from netmon.core.notices.matching import parse_matcher
from netmon.core.notices.news import Asked, owe
from netmon.core.notices.settings import Match, NotifySettings, Route, Step
from netmon.core.notices.words import Case, Owed, Track


class Lookups(Protocol):
    """Where incidents and their alerts can be read; the desk is one. Raises Unknown where there is none."""

    def incidents(self) -> Sequence[Incident]:
        """Return the incidents that are open, and those resolved lately."""

    def incident(self, incident_id: str) -> Incident:
        """Return one incident."""

    def alerts_of(self, incident_id: str) -> Sequence[Alert]:
        """Return the alerts of an incident."""


class Ladder:
    """Takes cases up the steps of their routes."""

    def __init__(self, settings: NotifySettings, busy: Asked, knows: Asked) -> None:
        """`busy`: as for `News`. `knows`: whether they were told of it, and not yet of its end."""
        self._settings = settings
        self._routes = dict(settings.named_routes())
        self._conditions = {name: _conditions(route.match) for name, route in self._routes.items()}
        self._busy = busy
        self._knows = knows

    def start(self, case: Case, alerts: Sequence[Alert], now: float) -> Case:
        """Choose the routes and take their first steps."""
        case = replace(case, matures_at=None, tracks=())
        names = list(self._matching(case, alerts))
        for name in names:
            case = self._take_step(case, Track(name, 0, None, None), now)
        if not names:
            case = self.tell_fallback(case, Notices.OPENED, now)
        # Who knows that it is open never heard that it was over in between.
        kept = (o for o in case.owed if o.why is not Notices.OPENED or not self._knows(o.person, case.id))
        case = replace(case, owed=tuple(kept))
        return halted(case) if case.state is not State.FIRING else case

    def climb(self, case: Case, now: float) -> Case:
        """Take every step, and repeat everything, whose time has come."""
        for track in case.tracks:
            if track.next_step_at is not None and track.next_step_at <= now:
                case = self._take_step(_without(case, track), track, now)
            elif track.next_repeat_at is not None and track.next_repeat_at <= now:
                case = self._repeat(case, track, now)
        return case

    def resume(self, case: Case, now: float, *, again: bool) -> Case:
        """Let the steps count from now; `again`: what was said so far is said again."""
        for track in case.tracks:
            route = self._routes.get(track.route)
            if route is None:
                continue
            fresh = replace(track, next_step_at=_next_step(route, track.steps, now), next_repeat_at=_later(route, now))
            case = _with(case, track, fresh)
            if again:
                case = self._repeat(case, fresh, now)
        return case

    def reroute(self, case: Case, alerts: Sequence[Alert], now: float) -> Case:
        """Choose the routes again, for an incident that became worse; those that it goes on keep their steps."""
        names = list(self._matching(case, alerts))
        kept = tuple(track for track in case.tracks if track.route in names)
        case = replace(case, tracks=kept)
        for name in names:
            if all(track.route != name for track in kept):
                case = self._take_step(case, Track(name, 0, None, None), now)
        return case

    def hurry(self, case: Case, now: float) -> Case:
        """Let the next step be taken at once: somebody of this one cannot be reached."""
        tracks = (replace(t, next_step_at=now) if t.next_step_at is not None else t for t in case.tracks)
        return replace(case, tracks=tuple(tracks))

    def tell_fallback(self, case: Case, why: Notices, now: float, unreached: str = "") -> Case:
        """Tell those who are told when nobody else is."""
        people = self._settings.resolve(self._settings.fallback, now)
        free = [one for one in people if one != unreached and not self._busy(one, case.id)]
        return owe(case, *(Owed(one, why, now, now, unreached=unreached) for one in free))

    def hand_over(self, case: Case, came: Mapping[str, str], now: float) -> Case:
        """Owe an open incident to those who came on call; `came`: rota → person.

        It is theirs where a step that was taken names their rota; where no route took it, if the fallback does.
        """
        if case.state is State.RESOLVED or case.muted or case.matures_at is not None:
            return case  # what is muted is told when it is not any more, and what is new by its routes
        owed: list[Owed] = []
        if not case.tracks:
            owed = [Owed(one, Notices.HANDOVER, now, now) for one in _relieved(self._settings.fallback, came)]
        for track in case.tracks:
            if (route := self._routes.get(track.route)) is None:  # the settings changed
                continue
            for step in route.steps[: track.steps]:
                for one in _relieved(step.notify, came):
                    due_at = self._settings.due_at(one, now, digest=route.digest)
                    owed.append(Owed(one, Notices.HANDOVER, now, due_at, step.channels, route.digest))
        return owe(case, *(one for one in owed if not self._busy(one.person, case.id)))

    def _matching(self, case: Case, alerts: Sequence[Alert]) -> Iterator[str]:
        for name, route in self._routes.items():
            if self._matches(name, route.match, case, alerts):
                yield name
                if not route.continue_:
                    return

    def _matches(self, name: str, match: Match, case: Case, alerts: Sequence[Alert]) -> bool:
        """Tell whether a route is for this incident."""
        if match.severity and case.severity not in match.severity:
            return False
        if match.site and case.site not in match.site:
            return False
        conditions = self._conditions[name]
        return conditions is None or any(conditions.hold(alert.labels) for alert in alerts)

    def _take_step(self, case: Case, track: Track, now: float) -> Case:
        route = self._routes.get(track.route)
        if route is None:  # the settings changed
            return case
        if track.steps >= len(route.steps):
            return replace(case, tracks=(*case.tracks, replace(track, next_step_at=None)))
        why = Notices.ESCALATED if track.steps else Notices.OPENED
        case = self._tell(case, route, route.steps[track.steps], why, now)
        steps = track.steps + 1
        repeat_at = track.next_repeat_at if track.steps else _later(route, now)
        return replace(case, tracks=(*case.tracks, Track(track.route, steps, _next_step(route, steps, now), repeat_at)))

    def _repeat(self, case: Case, track: Track, now: float) -> Case:
        route = self._routes.get(track.route)
        if route is None:
            return _with(case, track, replace(track, next_repeat_at=None))
        for step in route.steps[: track.steps]:
            case = self._tell(case, route, step, Notices.REPEATED, now)
        return _with(case, track, replace(track, next_repeat_at=_later(route, now)))

    def _tell(self, case: Case, route: Route, step: Step, why: Notices, now: float) -> Case:
        free = [one for one in self._settings.resolve(step.notify, now) if not self._busy(one, case.id)]
        due = {person: self._settings.due_at(person, now, digest=route.digest) for person in free}
        return owe(case, *(Owed(one, why, now, due[one], step.channels, route.digest) for one in free))


def _relieved(recipients: Sequence[str], came: Mapping[str, str]) -> list[str]:
    """Return those of `came` whose rotas are among the recipients."""
    return [person for rota, person in came.items() if f"oncall:{rota}" in recipients]


def _conditions(match: Match) -> Conditions | None:
    return Conditions([parse_matcher(text) for text in match.matchers]) if match.matchers else None


def halted(case: Case) -> Case:
    """Return a case that no time changes: somebody has it in hand, or it is over."""
    return replace(case, tracks=tuple(replace(t, next_step_at=None, next_repeat_at=None) for t in case.tracks))


def _next_step(route: Route, steps: int, now: float) -> float | None:
    """Return when the step after `steps` is due, if the one before it is taken now."""
    if steps >= len(route.steps):
        return None
    return now + route.steps[steps].after_s - (route.steps[steps - 1].after_s if steps else 0)


def _later(route: Route, now: float) -> float | None:
    return now + route.repeat_s if route.repeat_s else None


def _with(case: Case, old: Track, new: Track) -> Case:
    return replace(case, tracks=tuple(new if track.route == old.route else track for track in case.tracks))


def _without(case: Case, old: Track) -> Case:
    return replace(case, tracks=tuple(track for track in case.tracks if track.route != old.route))


def alerts_of(lookups: Lookups, incident: str) -> Sequence[Alert]:
    """Return the alerts of an incident; none where it is gone."""
    try:
        return lookups.alerts_of(incident)
    except Unknown:  # it left while we were away
        return ()
