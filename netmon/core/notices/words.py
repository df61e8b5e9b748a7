"""What the planner of messages knows: a case for each incident, a notice for each message. Values; times are Unix s."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netmon.api import Notices, Severity, State

CLEARED: Final = "cleared"


class Way(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"  # to be sent, or sent again
    SENT = "sent"
    FAILED = "failed"  # given up
    DROPPED = "dropped"  # its recipient is no longer in the settings


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that a person must still be told of one incident. There is one at most for a person and an incident."""

    person: str
    why: Notices
    since: float
    due_at: float
    channels: tuple[str, ...] = ()  # only these of the person's, in this order; empty: all
    digest: bool = False  # waits for the person's next digest; `due_at` follows the calendar
    unreached: str = ""  # told in place of this person, whom no message reached


@dataclass(frozen=True, slots=True)
class Track:
    """How far one route has come with one incident."""

    route: str
    steps: int  # taken so far
    next_step_at: float | None
    next_repeat_at: float | None


@dataclass(frozen=True, slots=True)
class Ending:
    """Why alerts of an incident ended."""

    why: str  # as alerts have it: cleared (seen to be over), expired, operator, …
    alerts: int
    quiet_s: float | None = None  # how long an expired one was not said, at most


@dataclass(frozen=True, slots=True)
class Case:
    """One incident as far as messages go. `id` is the incident's."""

    id: str
    title: str
    titles: Mapping[str, str]
    site: str
    severity: Severity
    state: State
    muted: bool
    opened_at: float
    acknowledged_by: str = ""
    matures_at: float | None = None  # when its routes are asked; None: they were
    tracks: tuple[Track, ...] = ()
    owed: tuple[Owed, ...] = ()
    absorbed: tuple[str, ...] = ()  # incidents that were merged into it; the newest of them
    absorbed_count: int = 0
    merged_into: str = ""
    endings: tuple[Ending, ...] = ()  # once it is resolved

    def seen_over(self) -> bool:
        """Tell whether it was seen to be over, and not only closed."""
        return bool(self.endings) and all(ending.why == CLEARED for ending in self.endings)

    def is_closed(self) -> bool:
        """Tell whether it ended without anybody having seen that it was over."""
        return self.state is State.RESOLVED and not self.merged_into and not self.seen_over()

    def deadline(self) -> float | None:
        """Return when time alone changes something here; None where it does not."""
        if self.muted:
            return None
        if self.matures_at is not None:
            return self.matures_at
        if self.state is not State.FIRING:
            return None
        times = [at for track in self.tracks for at in (track.next_step_at, track.next_repeat_at) if at is not None]
        return min(times, default=None)


@dataclass(frozen=True, slots=True)
class Duty:
    """Who was on call in a rota when it was last looked at."""

    rota: str
    person: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a person was last told of an incident, and how."""

    state: State
    severity: Severity
    digest: bool = False
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Incidents of which a message said the same."""

    state: State
    severity: Severity
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person. What it says is written anew at each attempt, from what is so by then."""

    id: str  # `N` and a number that only grows
    person: str
    channel: str
    why: Notices
    severity: Severity
    incidents: tuple[str, ...]  # several: those that a rate limit held back, or a digest
    created_at: float  # when the first of what it tells was decided
    due_at: float  # of the next attempt
    give_up_at: float
    state: Way = Way.QUEUED
    digest: bool = False
    channels: tuple[str, ...] = ()  # see Owed
    attempts: int = 0
    failures: int = 0  # on this channel, in a row
    refused: tuple[str, ...] = ()  # channels that will never take it
    escalated: bool = False  # every channel failed once, and the next step's people were called
    unreached: str = ""
    problem: str = ""
    sent_at: float | None = None
    said: tuple[Said, ...] = field(default=())
