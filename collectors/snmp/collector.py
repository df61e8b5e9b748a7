"""SNMP as a collector: targets become agents, parts become profiles, answers become readings."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol
from zlib import crc32

import structlog

from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from collectors.snmp.counters import Counts
from collectors.snmp.device import (
    SYS_OBJECT_ID,
    SYS_UP_TIME,
    Ask,
    Device,
    Marks,
    ProfilePlan,
    first_problem,
    guards,
    marks_of,
    same_rows,
)
from collectors.snmp.profile import Profile
from collectors.snmp.settings import Credential, SnmpSettings
from collectors.snmp.tables import Moment, read_table
from netmon.api import Missing, Part, PeerError, Reading, Reason, Target

DEFAULT_PORT = 161
CHECK_S = 2.0  # of a poll's time, at most a tenth is kept for the last look at uptime: no more than this

_log = structlog.get_logger(__name__)


class Fetcher(Protocol):
    """What reads devices: SnmpClient, or a recording in tests."""

    async def start(self) -> None:
        """Open sockets."""

    async def stop(self) -> None:
        """Close sockets."""

    async def fetch(
        self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
    ) -> Answers:
        """Read scalars and columns until `deadline`, in monotonic seconds. PeerError when the device is unreachable."""

    def boots(self, agent_name: str) -> int | None:
        """Return v3's snmpEngineBoots where known."""

    def forget(self, agent_name: str) -> None:
        """Drop what is remembered of an agent."""


@dataclass(frozen=True, slots=True)
class _Poll:
    """One read of one device: until when, in monotonic seconds, and how long it may take."""

    agent: Agent
    device: Device
    deadline: float
    span_s: float

    @property
    def reserve(self) -> float:
        """How much of the time is kept for the last look, in seconds."""
        return min(CHECK_S, self.span_s / 10)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """One fetch of a device: why the last look at it failed, if it did, and what happened to it in between."""

    answers: Answers
    late: Missing | None = None
    restarted: bool = False
    changed: bool = False


class SnmpCollector:
    """Reads devices through profiles. `clock` gives Unix seconds, `monotonic` what deadlines are measured in."""

    name = "snmp"
    job = "snmp"

    def __init__(  # noqa: PLR0913 - the last two are for tests
        self,
        client: Fetcher,
        profiles: Iterable[Profile],
        credentials: Mapping[str, Credential],
        settings: SnmpSettings,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        self._monotonic = monotonic
        self._plans = {profile.name: ProfilePlan(profile) for profile in profiles if self._enabled(profile.name)}
        self._devices: dict[str, Device] = {}
        self._reported: set[tuple[str, type[Exception]]] = set()

    async def start(self) -> None:
        """Open the client's sockets."""
        await self._client.start()

    async def stop(self) -> None:
        """Close the client's sockets."""
        await self._client.stop()

    def forget(self, target: str) -> None:
        """Drop what is remembered of a target that left the inventory."""
        self._devices.pop(target, None)
        self._client.forget(target)

    def plan(self, target: Target) -> Mapping[float, tuple[str, ...]]:
        """Return how often which profiles are read: the operator's word for the profile, else the target's interval or
        the general one, but no more often than the profile itself says.
        """
        by_interval: dict[float, list[str]] = {}
        for plan in self._plans.values():
            by_interval.setdefault(self._interval(target, plan.profile), []).append(plan.name)
        return {interval: tuple(names) for interval, names in sorted(by_interval.items())}

    def _enabled(self, profile: str) -> bool:
        settings = self._settings.profiles.get(profile)
        return settings is None or settings.enabled

    def _interval(self, target: Target, profile: Profile) -> float:
        own = self._settings.profiles.get(profile.name)
        if own is not None and own.interval_s is not None:
            return own.interval_s
        said = target.options.get("interval_s")
        general = float(said) if isinstance(said, int | float) else self._settings.interval_s
        return max(general, profile.interval_s or 0.0)

    async def read(self, target: Target, parts: Iterable[str], deadline_s: float) -> Reading:
        """Read these profiles of a device now."""
        started, at = self._monotonic(), self._clock()
        plans = [self._plans[name] for name in parts if name in self._plans]
        read: tuple[Part, ...] = ()
        agent = self._agent(target)
        if isinstance(agent, Missing):
            return Reading(target.name, self.name, at, 0.0, read, agent)
        problem = None
        try:
            read = await self._read(_Poll(agent, self._device(agent.name), started + deadline_s, deadline_s), plans)
        except PeerError as error:
            problem = error.missing()
        return Reading(target.name, self.name, at, self._monotonic() - started, read, problem)

    def _agent(self, target: Target) -> Agent | Missing:
        name = target.options.get("credential", "default")
        credential = self._credentials.get(name) if isinstance(name, str) else None
        if credential is None:
            known = ", ".join(self._credentials) or "none"
            return Missing(Reason.AUTH_FAILED, f"no credential named {name!r}; there are {known}")
        host, port = split_address(target.address)
        return Agent(target.name, host, port, credential=credential)

    def _device(self, name: str) -> Device:
        device = self._devices.get(name)
        if device is None:
            device = self._devices[name] = Device(spread_s=float(crc32(name.encode(errors="backslashreplace")) % 600))
        return device

    async def _read(self, poll: _Poll, plans: Sequence[ProfilePlan]) -> tuple[Part, ...]:
        device = poll.device
        if not device.met:
            first = await self._client.fetch(poll.agent, (SYS_UP_TIME, SYS_OBJECT_ID), (), poll.deadline)
            device.see(first, self._clock(), self._client.boots(poll.agent.name))
        now, began = self._clock(), self._monotonic()
        asked = [plan for plan in plans if not device.lacks(plan, now)]
        fetched = await self._settled(poll, asked) if asked else _Fetched(Answers())
        took, now = self._monotonic() - began, self._clock()
        return tuple(
            self._part(plan, fetched, device, now, took) if plan in asked else _absent(plan.name) for plan in plans
        )

    async def _settled(self, poll: _Poll, plans: Sequence[ProfilePlan]) -> _Fetched:
        """Fetch, and once more where the device restarted or renumbered meanwhile.

        Some agents say at every moment that their tables have just changed: two reads that found the same names under
        the same indexes are believed all the same.
        """
        first = await self._fetch(poll, plans)
        if not first.restarted and not first.changed:
            return first
        second = await self._fetch(poll, plans)
        if second.changed and not first.restarted and same_rows(plans, first.answers, second.answers):
            return replace(second, changed=False)
        return second

    async def _fetch(self, poll: _Poll, plans: Sequence[ProfilePlan]) -> _Fetched:
        """Fetch once and look again at uptime and the times of change."""
        agent, device, now = poll.agent, poll.device, self._clock()
        ask = device.ask(plans, now)
        boots = self._client.boots(agent.name)
        answers = await self._client.fetch(agent, ask.scalars, ask.columns, poll.deadline - poll.reserve)
        before = self._marks(plans, answers, now, boots if boots is not None else self._client.boots(agent.name))
        device.see(answers, now, self._client.boots(agent.name))
        stale = device.stale(plans, answers, ask)
        for plan in plans:
            device.keep(plan, answers, ask, now)
        try:
            again = await self._client.fetch(agent, guards(plans, answers), stale.columns, poll.deadline)
        except PeerError as error:
            return _Fetched(answers, error.missing())
        if stale.columns:
            _take(answers, again, stale)
            for plan in plans:
                device.keep(plan, answers, stale, now)
        after = self._marks(plans, again, self._clock(), self._client.boots(agent.name))
        restarted = before.restarted_by(after)
        if restarted:
            device.see(again, self._clock(), self._client.boots(agent.name))
        return _Fetched(answers, None, restarted, before.changed_by(after))

    @staticmethod
    def _marks(plans: Sequence[ProfilePlan], answers: Answers, at: float, boots: int | None) -> Marks:
        oids = dict.fromkeys(oid for plan in plans for oid in plan.last_change)
        return marks_of(answers, oids, at, boots)

    def _part(self, plan: ProfilePlan, fetched: _Fetched, device: Device, at: float, took: float) -> Part:
        started = self._monotonic()
        if fetched.restarted or fetched.changed:
            problem = Missing(Reason.REBOOTED, "the device restarted or renumbered its rows while it was read, twice")
            return Part(plan.name, (), took, 0.0, problem)
        try:
            part = self._tables(plan, fetched.answers, device, at)
        except Exception as error:  # noqa: BLE001 - a bug of ours costs this part, never the poll
            self._report(plan.name, error)
            part = Part(plan.name, (), 0.0, 0.0, Missing(Reason.BUG, f"{type(error).__name__}: {error}"))
        return replace(part, duration_s=took + self._monotonic() - started, problem=part.problem or fetched.late)

    def _tables(self, plan: ProfilePlan, answers: Answers, device: Device, at: float) -> Part:
        if not device.learn(plan, answers, at):
            return _absent(plan.name)
        counts = device.counts.setdefault(plan.name, Counts())
        moment = Moment(at, device.epoch, counts)
        pairs = zip(plan.tables, device.states(plan), strict=True)
        results = [read_table(table, answers, state, moment) for table, state in pairs]
        tables = [table for result in results for table in result.tables]
        if plan.counts:
            tables.append(plan.breaks(counts, device.epoch, at))
        came, asked = sum(result.came for result in results), sum(result.asked for result in results)
        problem = first_problem(result.problem for result in results)
        return Part(plan.name, tuple(tables), 0.0, came / asked if asked else 1.0, problem)

    def _report(self, part: str, error: Exception) -> None:
        """Log a bug once for each part and kind of error; the set is as small as there are of these."""
        kind = (part, type(error))
        if kind not in self._reported:
            self._reported.add(kind)
            _log.error("snmp part failed", part=part, exc_info=error)


def _take(answers: Answers, more: Answers, asked: Ask) -> None:
    """Put the columns that were asked later to those that were asked first."""
    for oid in (oid for group in asked.columns for oid in group):
        answers.cells[oid] = more.cells.get(oid, {})
        if oid in more.problems:
            answers.problems[oid] = more.problems[oid]


@cache
def _absent(part: str) -> Part:
    """Return a part that the device does not have."""
    return Part(part, (), 0.0, problem=Missing(Reason.NOT_SUPPORTED))


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `10.0.0.1`, `host:1161`, `::1` and `[::1]:1161`."""
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
        return host, int(port.removeprefix(":") or DEFAULT_PORT)
    if address.count(":") == 1:
        host, _, port = address.partition(":")
        return host, int(port)
    return address, DEFAULT_PORT
