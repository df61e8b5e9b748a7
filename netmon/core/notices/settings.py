"""What the operator can set for messages to people: section `notify`. Units are in the names."""

import re
from collections.abc import Iterator, Mapping
from datetime import time
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from netmon.api import Severity
from netmon.core.notices.matching import MatcherText
from netmon.core.notices.oncall import Rota, TimeZone, next_time

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RECIPIENT: Final = re.compile(r"(person|oncall):(.+)")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} cannot be a name here; write up to 64 letters, digits, '.', '_' and '-'")
    return text


def _recipient(text: str) -> str:
    if _RECIPIENT.fullmatch(text) is None:
        raise ValueError(f"{text!r} names no recipient; write person:NAME or oncall:ROTA")
    return text


def _clock(text: str) -> str:
    if _CLOCK.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no time of day; write it as in 07:00")
    return text


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Name: TypeAlias = Annotated[str, AfterValidator(_name)]
Recipient: TypeAlias = Annotated[str, AfterValidator(_recipient)]
Clock: TypeAlias = Annotated[str, AfterValidator(_clock)]


class _Model(BaseModel):
    # Input never stands in an error: it may be the URL of a channel, and with it a password.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Channel(_Model):
    """One way to one person."""

    url: SecretStr = Field(min_length=4)  # as apprise has it (mailto://, tgram://, json://, …); mostly with a password


class Limits(_Model):
    """How many messages a person gets. What goes past it is counted in one message as soon as there is room again."""

    max_messages: int = Field(default=10, ge=1, le=1_000)
    per_s: float = Field(default=600, ge=1, le=86_400)
    max_critical: int = Field(default=20, ge=1, le=1_000)  # of all together, while critical ones are among them

    @model_validator(mode="after")
    def _order(self) -> "Limits":
        if self.max_critical < self.max_messages:
            raise ValueError("max_critical is below max_messages; critical incidents need at least as many")
        return self


class Person(_Model):
    """Somebody who can be told. Channels are tried in their order here, unless a step of a route names others."""

    language: Literal["en", "id"] = "en"
    timezone: TimeZone | None = None  # None: that of `notify`
    channels: Mapping[Name, Channel] = Field(min_length=1, max_length=20)
    limits: Limits | None = None  # None: those of `notify`


class Match(_Model):
    """Which incidents a route is for. Every condition that is set must hold; without any, all incidents match."""

    severity: Annotated[tuple[Severity, ...], BeforeValidator(_several)] = ()  # the incident's worst, one of these
    site: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()  # of the incident, one of these
    matchers: Annotated[tuple[MatcherText, ...], BeforeValidator(_several)] = ()  # all of them on one of its alerts


class Step(_Model):
    """Whom to tell when nobody has acknowledged `after_s` seconds after the first message."""

    after_s: float = Field(default=0, ge=0, le=604_800)
    notify: Annotated[tuple[Recipient, ...], BeforeValidator(_several)] = Field(min_length=1, max_length=100)
    channels: Annotated[tuple[Name, ...], BeforeValidator(_several)] = ()  # only these, in this order; empty: all


class Route(_Model):
    """Incidents of one sort, and the people for them. The first route that matches is taken."""

    model_config = ConfigDict(populate_by_name=True)

    name: Name | None = None  # None: its number, from 1
    match: Match = Field(default_factory=Match)
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    repeat_s: float = Field(default=14_400, ge=0, le=2_592_000)  # while open and not acknowledged; 0: never
    digest: bool = False  # not at once, but together at the times of `digest`
    continue_: bool = Field(default=False, alias="continue")  # look at the routes after it too

    @model_validator(mode="after")
    def _ladder(self) -> "Route":
        times = [step.after_s for step in self.steps]
        if times[0] != 0:
            raise ValueError(f"steps begin after {times[0]:g} s, and nobody is told before; give the first after_s: 0")
        for earlier, later in pairwise(times):
            if later <= earlier:
                raise ValueError(f"steps go from {earlier:g} s to {later:g} s; each after_s is above the one before")
        if 0 < self.repeat_s < 60:
            raise ValueError("repeat_s is below a minute; write at least 60, or 0 for never")
        return self


class Digest(_Model):
    """When small things are told, by each recipient's clock."""

    at: tuple[Clock, ...] = Field(default=("07:00",), min_length=1, max_length=24)
    max_incidents: int = Field(default=200, ge=1, le=10_000)  # with so many waiting it goes out at once

    def times(self) -> tuple[time, ...]:
        """Return the times of day."""
        return tuple(time.fromisoformat(text) for text in self.at)


class Retry(_Model):
    """What happens to a message that cannot be delivered."""

    first_s: float = Field(default=5, ge=1, le=600)  # to the second attempt; doubled each time
    max_s: float = Field(default=900, ge=1, le=86_400)
    per_channel: int = Field(default=3, ge=1, le=100)  # attempts before the recipient's next channel is taken
    give_up_s: float = Field(default=86_400, ge=60, le=604_800)
    deadline_s: float = Field(default=30, ge=1, le=600)  # of one attempt
    max_concurrent: int = Field(default=8, ge=1, le=100)  # messages under way at once; each is a thread


class NotifySettings(_Model):
    """Who is told of incidents. Without people, nobody is."""

    people: Mapping[Name, Person] = Field(default_factory=dict, max_length=1_000)
    oncall: Mapping[Name, Rota] = Field(default_factory=dict, max_length=100)
    routes: tuple[Route, ...] = Field(default=(), max_length=200)
    fallback: Annotated[tuple[Recipient, ...], BeforeValidator(_several)] = ()  # when no route or no message gets there
    group_wait_s: float = Field(default=10, ge=0, le=600)  # an incident's alerts come one by one: tell of them together
    acknowledged: bool = True  # tell those who were told when somebody has it in hand
    resolved: bool = True  # and when it is over
    timezone: TimeZone = "Asia/Jakarta"
    limits: Limits = Field(default_factory=Limits)
    digest: Digest = Field(default_factory=Digest)
    retry: Retry = Field(default_factory=Retry)

    @model_validator(mode="after")
    def _hangs_together(self) -> "NotifySettings":
        self._check_people()
        self._check_rotas()
        self._check_routes()
        self._check_channels()
        return self

    def _check_people(self) -> None:
        if self.people and not self.routes:
            raise ValueError("people are here and no routes, so nobody is told anything; add routes")
        names = [route_name(route, index) for index, route in enumerate(self.routes)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"routes have a name more than once ({', '.join(twice)}); give each its own")

    def _check_rotas(self) -> None:
        lost = [
            f"{n!r} in {rota}" for rota, r in self.oncall.items() for n in sorted(r.named()) if n not in self.people
        ]
        if lost:
            raise ValueError(f"oncall names people that are not there ({'; '.join(lost)}); {self._there(self.people)}")

    def _check_routes(self) -> None:
        fallback = [("fallback", recipient) for recipient in self.fallback]
        for kind, known, what in (("person", self.people, "people"), ("oncall", self.oncall, "rotas")):
            for begin, places in (("routes name", list(self._places())), ("fallback names", fallback)):
                named = [(at, *_split(recipient)) for at, recipient in places]
                wrong = [f"{name!r} in {at}" for at, its_kind, name in named if its_kind == kind and name not in known]
                if wrong:
                    raise ValueError(f"{begin} {what} that are not there ({'; '.join(wrong)}); {self._there(known)}")

    def _places(self) -> Iterator[tuple[str, str]]:
        for index, route in enumerate(self.routes):
            for number, step in enumerate(route.steps, start=1):
                for recipient in step.notify:
                    yield f"route {route_name(route, index)}, step {number}", recipient

    def _check_channels(self) -> None:
        for index, route in enumerate(self.routes):
            for number, step in enumerate(route.steps, start=1):
                for person in sorted(self._everybody(step)):
                    if step.channels and not set(step.channels) & set(self.people[person].channels):
                        raise ValueError(
                            f"routes want {person} to be told by {' or '.join(step.channels)} "
                            f"(route {route_name(route, index)}, step {number}), and there is no URL for it; "
                            f"{person} has {', '.join(self.people[person].channels)}"
                        )

    def _everybody(self, step: Step) -> set[str]:
        found: set[str] = set()
        for kind, name in map(_split, step.notify):
            found |= {name} if kind == "person" else self.oncall[name].named()
        return found

    @staticmethod
    def _there(known: Mapping[str, object]) -> str:
        return f"there are {', '.join(known)}" if known else "there are none yet"

    def named_routes(self) -> Iterator[tuple[str, Route]]:
        """Give the routes with their names."""
        for index, route in enumerate(self.routes):
            yield route_name(route, index), route

    def resolve(self, recipients: tuple[str, ...], at: float) -> tuple[str, ...]:
        """Return the people who are meant at `at` (Unix seconds), each once."""
        found = []
        for kind, name in map(_split, recipients):
            found.append(name if kind == "person" else self.oncall[name].on_call(at, self.timezone))
        return tuple(dict.fromkeys(found))

    def on_call(self, at: float) -> dict[str, str]:
        """Return rota → who is on call in it at `at` (Unix seconds)."""
        return {name: rota.on_call(at, self.timezone) for name, rota in self.oncall.items()}

    def limits_of(self, person: str) -> Limits:
        """Return how many messages this person gets."""
        known = self.people.get(person)
        return (known and known.limits) or self.limits

    def zone_of(self, person: str) -> str:
        """Return the time zone in which this person lives."""
        known = self.people.get(person)
        return (known and known.timezone) or self.timezone

    def due_at(self, person: str, now: float, *, digest: bool) -> float:
        """Return when something is to go to this person: now, or with their next digest."""
        return next_time(self.digest.times(), self.zone_of(person), now) if digest else now

    def urls(self) -> dict[tuple[str, str], SecretStr]:
        """Return (person, channel) → URL, for the courier."""
        return {(who, way): channel.url for who, p in self.people.items() for way, channel in p.channels.items()}


def route_name(route: Route, index: int) -> str:
    """Return a route's name; its number, from 1, where it has none."""
    return route.name or str(index + 1)


def _split(recipient: str) -> tuple[str, str]:
    kind, _, name = recipient.partition(":")
    return kind, name
