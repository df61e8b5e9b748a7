"""What is remembered of one device between polls, and what follows from it for the next: pure, time is an argument."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from collectors.snmp.answers import Answers, Cell
from collectors.snmp.convert import as_oid
from collectors.snmp.counters import TICKS_PER_SECOND, Break, Counts, Uptime, restarted
from collectors.snmp.plan import SCALAR, column_oid, plan_table
from collectors.snmp.profile import Profile
from collectors.snmp.shared import same
from collectors.snmp.tables import TableState
from netmon.api import Family, Kind, Missing, Table

SYS_UP_TIME = column_oid("1.3.6.1.2.1.1.3")
SYS_OBJECT_ID = column_oid("1.3.6.1.2.1.1.2")

RETEST_S = 3600.0  # how long 'the device does not have this' is believed …
RETEST_YOUNG_S = 120.0  # … and of one that has just started, whose cards and sensors are still coming up
YOUNG_S = 900.0  # for how long a device is just started
STATIC_S = 3600.0  # how long names of parts are kept where the device tells when they change …
STATIC_UNTOLD_S = 600.0  # … and where it does not

_NOTHING: frozenset[bytes] = frozenset()  # one for all: an empty one takes 216 octets

_BREAKS = Family(
    "netmon_counter_discontinuities_total",
    Kind.COUNTER,
    "Counters that were reset (by reboot, discontinuity or decrease) or carried on past a wrap, since netmon started.",
    "netmon",
)


class ProfilePlan:
    """A profile made ready: its tables' plans, and what must be asked for it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.name = profile.name
        self.tables = tuple(plan_table(profile, name) for name in profile.tables)
        scalars = {name: plan.oids[name] for plan in self.tables if plan.scalar for name in plan.oids}
        self.last_change = tuple(
            dict.fromkeys(scalars[name] for plan in self.tables for name in plan.table.last_change)
        )
        oids = {name: number for plan in self.tables for name, number in plan.oids.items()}
        self.present = tuple(oids[name] for name in profile.recognise.present)
        self.static = frozenset(
            plan.oids[name] for plan in self.tables for name, obj in plan.table.objects.items() if obj.static
        )
        self.counts = any(plan.table.continuity is not None for plan in self.tables)

    @cached_property
    def break_rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows of netmon's own count of broken counters; one object for all devices and polls."""
        return tuple((self.name, reason.value) for reason in Break)

    def breaks(self, counts: Counts, restarts: int, at: float) -> Table:
        """Return how often this profile's counters broke; a restart breaks all of them and counts once."""
        seen = {**counts.seen, Break.REBOOT: restarts}
        column = array("Q", [seen.get(reason, 0) for reason in Break])
        return Table((_BREAKS,), ("part", "reason"), self.break_rows, ("",) * len(self.break_rows), (column,), at)


@dataclass(frozen=True, slots=True)
class Ask:
    """What to fetch: scalars, and columns in groups that share a table."""

    scalars: tuple[bytes, ...]
    columns: tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells whether a device stayed the same: its uptime, and when its tables last changed."""

    uptime: Uptime | None
    changes: tuple[Cell | None, ...]

    def restarted_by(self, after: "Marks") -> bool:
        """Tell whether the agent restarted between these two."""
        return self.uptime is not None and after.uptime is not None and restarted(self.uptime, after.uptime)

    def changed_by(self, after: "Marks") -> bool:
        """Tell whether the device says that rows came, went or were renumbered between these two."""
        pairs = zip(self.changes, after.changes, strict=True)
        return any(before != now for before, now in pairs if before is not None and now is not None)


@dataclass(slots=True)
class _Kept:
    """A static column as last read: its indexes and its cells."""

    keys: tuple[bytes, ...]
    values: tuple[Cell, ...]
    at: float
    changes: tuple[Cell | None, ...]


@dataclass(slots=True)
class _Tested:
    """What a profile was found to be on this device."""

    until: float  # believed until then, in Unix seconds
    present: bool
    absent: frozenset[bytes]  # columns of a present profile that the device does not have


@dataclass(slots=True)
class Device:
    """One target's memory. `spread_s` keeps devices from testing all at once."""

    spread_s: float = 0.0
    epoch: int = 0
    uptime: Uptime | None = None
    met: bool = False
    sys_object_id: str | None = None
    tables: dict[str, tuple[TableState, ...]] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    _tested: dict[str, _Tested] = field(default_factory=dict)
    _static: dict[str, dict[bytes, _Kept]] = field(default_factory=dict)  # by profile, then column

    def states(self, plan: ProfilePlan) -> tuple[TableState, ...]:
        """Return the memories of a profile's tables."""
        states = self.tables.get(plan.name)
        if states is None:
            states = self.tables[plan.name] = tuple(TableState() for _ in plan.tables)
            for state in states:
                state.layouts.siblings = tuple(other.layouts for other in states if other is not state)
        return states

    def see(self, answers: Answers, at: float, boots: int | None) -> None:
        """Take note of who answered and how long its agent has been up; a restart makes everything be tested anew."""
        self.met = True
        identity = answers.cells.get(SYS_OBJECT_ID, {}).get(SCALAR)
        if isinstance(identity, bytes):
            self.sys_object_id = as_oid(identity)
        uptime = uptime_of(answers, at, boots)
        if uptime is None:
            return
        if self.uptime is not None and uptime.at < self.uptime.at:
            return  # a read that took long, overtaken by another
        if self.uptime is not None and restarted(self.uptime, uptime):
            self.epoch += 1
            self._tested.clear()
            self._static.clear()
        self.uptime = uptime

    def lacks(self, plan: ProfilePlan, now: float) -> bool:
        """Tell whether the profile is known not to be there, so that it need not be asked."""
        wanted = plan.profile.recognise
        if wanted.sys_object_id and not plan.present and not self._matches(wanted.sys_object_id):
            return True
        tested = self._fresh(plan.name, now)
        return tested is not None and not tested.present

    def _matches(self, prefixes: Iterable[str]) -> bool:
        identity = f"{self.sys_object_id}."
        return any(identity.startswith(f"{prefix.rstrip('.')}.") for prefix in prefixes)

    def _fresh(self, profile: str, now: float) -> _Tested | None:
        tested = self._tested.get(profile)
        return tested if tested is not None and now < tested.until else None

    def ask(self, plans: Sequence[ProfilePlan], now: float) -> Ask:
        """Return what to fetch for these profiles; nothing that the device is known not to have."""
        scalars = dict.fromkeys((SYS_UP_TIME, SYS_OBJECT_ID, *(oid for plan in plans for oid in plan.last_change)))
        groups: dict[bytes, dict[bytes, None]] = {}
        for plan in plans:
            tested = self._fresh(plan.name, now)
            skip = tested.absent if tested is not None else _NOTHING
            for table in plan.tables:
                for oid in table.oids.values():
                    if oid in skip or (oid in plan.static and self._keeps(plan, oid, now)):
                        continue
                    if table.scalar:
                        scalars[oid] = None
                    else:
                        groups.setdefault(_entry(oid), {})[oid] = None
        return Ask(tuple(scalars), tuple(tuple(group) for group in groups.values()))

    def _keeps(self, plan: ProfilePlan, oid: bytes, now: float) -> bool:
        kept = self._static.get(plan.name, {}).get(oid)
        if kept is None:
            return False
        told = bool(kept.changes) and None not in kept.changes
        return now - kept.at < (STATIC_S if told else STATIC_UNTOLD_S) + self.spread_s

    def stale(self, plans: Sequence[ProfilePlan], answers: Answers, ask: Ask) -> Ask:
        """Return the static columns that were not asked, but must be: the device restarted or changed its tables."""
        asked = {oid for group in ask.columns for oid in group}
        groups: dict[bytes, list[bytes]] = {}
        for plan in plans:
            changes = changes_of(answers, plan.last_change)
            tested = self._tested.get(plan.name)
            lacking = tested.absent if tested is not None else _NOTHING
            known = self._static.get(plan.name, {})
            for oid in sorted(plan.static - asked - lacking):
                kept = known.get(oid)
                if kept is None or kept.changes != changes:
                    groups.setdefault(_entry(oid), []).append(oid)
        return Ask((), tuple(tuple(group) for group in groups.values()))

    def keep(self, plan: ProfilePlan, answers: Answers, asked: Ask, now: float) -> None:
        """Remember static columns that came whole, and put kept ones where this poll did not ask."""
        changes = changes_of(answers, plan.last_change)
        nothing = _Kept((), (), now, changes)
        fresh = {oid for group in asked.columns for oid in group}
        known = self._static.setdefault(plan.name, {}) if plan.static else {}
        for oid in plan.static:
            if oid in fresh and oid in answers.cells and oid not in answers.problems:
                cells = answers.cells[oid]
                whole = _Kept(same(tuple(cells)), same(tuple(cells.values())), now, changes)
                known[oid] = whole if cells else nothing
            elif oid not in fresh and oid in known:
                answers.cells[oid] = dict(zip(known[oid].keys, known[oid].values, strict=True))

    def learn(self, plan: ProfilePlan, answers: Answers, now: float) -> bool:
        """Decide whether the profile is there, and which of its columns are not; True when it is."""
        tested = self._fresh(plan.name, now)
        if tested is not None and tested.present:
            return True
        present = not plan.present or any(answers.cells.get(oid) for oid in plan.present)
        if not present and plan.profile.recognise.sys_object_id:
            present = self._matches(plan.profile.recognise.sys_object_id)
        if not present and any(oid in answers.problems for oid in plan.present):
            return True  # not answered is not absent
        absent = same(frozenset(_absent(plan, answers))) if present else _NOTHING
        young = self.uptime is not None and self.uptime.ticks < YOUNG_S * TICKS_PER_SECOND
        until = now + (RETEST_YOUNG_S if young else RETEST_S + self.spread_s)
        self._tested[plan.name] = _Tested(until, present, absent)
        return present


def _absent(plan: ProfilePlan, answers: Answers) -> Iterator[bytes]:
    """Give the columns that the device does not have, of tables where it has others."""
    for table in plan.tables:
        if any(answers.cells.get(oid) for oid in table.oids.values()):
            yield from (
                oid
                for oid in table.oids.values()
                if oid in answers.cells and not answers.cells[oid] and oid not in answers.problems
            )


def _entry(oid: bytes) -> bytes:
    """Return a column's table entry: all but its last arc."""
    at = len(oid) - 1
    while at and oid[at - 1] & 0x80:
        at -= 1
    return oid[:at]


def changes_of(answers: Answers, oids: Iterable[bytes]) -> tuple[Cell | None, ...]:
    """Return when these tables last changed, None where the device does not say."""
    return tuple(answers.cells.get(oid, {}).get(SCALAR) for oid in oids)


def uptime_of(answers: Answers, at: float, boots: int | None) -> Uptime | None:
    """Return how long the agent has been up; None where it does not say."""
    ticks = answers.cells.get(SYS_UP_TIME, {}).get(SCALAR)
    return Uptime(ticks, at, boots) if isinstance(ticks, int) else None


def marks_of(answers: Answers, oids: Iterable[bytes], at: float, boots: int | None) -> Marks:
    """Return what tells whether the device stays the same."""
    return Marks(uptime_of(answers, at, boots), changes_of(answers, oids))


def guards(plans: Iterable[ProfilePlan], answers: Answers) -> tuple[bytes, ...]:
    """Return the scalars that must not move while these profiles are read, of those that the device has."""
    oids = dict.fromkeys((SYS_UP_TIME, *(oid for plan in plans for oid in plan.last_change)))
    return tuple(oid for oid in oids if answers.cells.get(oid))


def first_problem(problems: Iterable[Missing | None]) -> Missing | None:
    """Return the first thing that went wrong."""
    return next((problem for problem in problems if problem is not None), None)


def same_rows(plans: Iterable[ProfilePlan], one: Answers, other: Answers) -> bool:
    """Tell whether two reads found the same names under the same indexes, in every table that tells of its changes."""
    return all(
        one.cells.get(table.oids[name]) == other.cells.get(table.oids[name])
        for plan in plans
        for table in plan.tables
        if table.table.last_change
        for name in table.structural
    )
