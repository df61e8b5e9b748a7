"""The rule: what was found wrong lasts, is said again, and is said once more when it is over.

A reading that is missing changes nothing: what was wrong stays so until it is seen to be good, or its source has not
said it for so long that it expires.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netmon.api import Finding, Missing, Part, Reading, Reason, Value
from rules.limits.judge import Row, Tables, Verdict, judge
from rules.limits.words import Words, moment, words
from rules.pack import Limit, Pack, Unreachable

REPEAT_S: Final = 300.0  # how often what lasts is said again
MATTERS_MAX: Final = 1000  # of one target: twice the ports of the largest chassis

_NOT_REACHED: Final = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.NOT_FOUND, Reason.AUTH_FAILED, Reason.DEADLINE})
_LATE_POLLS: Final = 2  # that may fail before a finding expires
_FORGET_AFTER: Final = 2  # times what it takes to expire: nobody knows it any more


@dataclass(slots=True)
class _Matter:
    """Something that is beyond its limit, said or not yet."""

    name: str  # of its limit
    target: str
    key: str
    since: float  # Unix seconds, as all here
    seen: float  # when it was last judged
    gap_s: float = 0.0  # between the last two times
    said: float | None = None

    def see(self, at: float) -> None:
        """Note that it was judged again. A clock that was set back moves everything with it."""
        if at < self.seen:
            back = self.seen - at
            self.since -= back
            self.said = None if self.said is None else self.said - back
        else:
            self.gap_s = at - self.seen
        self.seen = at


@dataclass(slots=True)
class _Misses:
    """Polls of one target by one collector that brought nothing, in a row."""

    matter: _Matter
    count: int = 0


class Limits:
    """Judges readings by packs of limits. Not more than `matters_max` matters of a target are followed at a time."""

    name = "limits"

    def __init__(self, packs: Sequence[Pack], *, repeat_s: float = REPEAT_S, matters_max: int = MATTERS_MAX) -> None:
        self._limits: dict[str, list[Limit]] = {}
        self._named: dict[str, Limit] = {}
        self._unreachable: list[Unreachable] = []
        self._repeat_s = repeat_s
        self._matters_max = matters_max
        self._matters: dict[str, dict[str, _Matter]] = {}  # target → key
        self._misses: dict[tuple[str, str, str], _Misses] = {}  # name, target, collector
        self.dropped: Counter[str] = Counter()  # matters that were not followed, by limit: their target had too many
        self.configure(packs)

    def configure(self, packs: Sequence[Pack]) -> None:
        """Judge by these from the next poll on. What a limit said that is gone is said no more, and so expires."""
        self._named = {limit.name: limit for pack in packs for limit in pack.limits}
        self._limits = {}
        for limit in self._named.values():
            self._limits.setdefault(limit.metric, []).append(limit)
        self._unreachable = [pack.unreachable for pack in packs if pack.unreachable is not None]
        for matters in self._matters.values():
            for key in [key for key, matter in matters.items() if matter.name not in self._named]:
                del matters[key]
        names = {declared.name for declared in self._unreachable}
        self._misses = {which: misses for which, misses in self._misses.items() if misses.matter.name in names}

    def observe(self, reading: Reading) -> Iterator[Finding]:
        """Judge one poll."""
        for declared in self._unreachable:
            yield from self._reach(declared, reading)
        if reading.problem is None:
            for (name, key), verdict in self._verdicts(reading).items():
                yield from self._follow(self._named[name], key, verdict, reading)

    def tick(self, now: float) -> Iterator[Finding]:
        """Forget what was not judged for so long that it has expired everywhere."""
        for target, matters in tuple(self._matters.items()):
            for key in [key for key, matter in matters.items() if self._forgotten(matter, now)]:
                del matters[key]
            if not matters:
                del self._matters[target]
        for which in [which for which, misses in self._misses.items() if self._forgotten(misses.matter, now)]:
            del self._misses[which]
        yield from ()

    # ── limits ──

    def _verdicts(self, reading: Reading) -> dict[tuple[str, str], Verdict]:
        """Return how each matter stands, by limit's name and key; what two MIBs tell of one thing is one matter."""
        tables = Tables(table for part in reading.parts for table in part.tables)
        active = {matter.name for matter in self._matters.get(reading.target, {}).values()}
        found: dict[tuple[str, str], Verdict] = {}
        for table, number, limit in tables.columns(self._limits):
            for row, verdict in judge(tables, table, number, limit, active=limit.name in active).items():
                which = (limit.name, _key(limit.name, reading.target, row))
                found[which] = found[which].joined(verdict) if which in found else verdict
        return found

    def _follow(self, limit: Limit, key: str, verdict: Verdict, reading: Reading) -> Iterator[Finding]:
        matters = self._matters.setdefault(reading.target, {})
        matter, at = matters.get(key), reading.at
        if matter is None:
            if not verdict.beyond:
                return
            if len(matters) >= self._matters_max:
                self.dropped[limit.name] += 1
                return
            matter = matters[key] = _Matter(limit.name, reading.target, key, at, at)
        matter.see(at)
        if verdict.clear or (matter.said is None and not verdict.beyond):
            del matters[key]
            if matter.said is not None:
                yield self._finding(limit, verdict, matter, cleared=True)
        elif at - matter.since >= limit.for_s and self._is_due(matter):
            matter.said = at
            yield self._finding(limit, verdict, matter)

    def _finding(self, limit: Limit, verdict: Verdict, matter: _Matter, *, cleared: bool = False) -> Finding:
        said = words(limit, verdict, matter.target)
        evidence: dict[str, str | Value] = {"metric": limit.metric, "value": verdict.value, "limit": verdict.limit}
        return Finding(
            limit.name,
            matter.target,
            matter.seen,
            limit.severity,
            limit.summary.en.format_map(said),
            matter.key,
            {**evidence, "since": moment(matter.since)},
            cleared=cleared,
            expires_s=self._expires_s(matter),
            labels={name: verdict.labels[name] for name in limit.labels if verdict.labels.get(name)},
            summaries={"id": limit.summary.id.format_map(said)},
            runbook=limit.runbook,
        )

    # ── reaching a target at all ──

    def _reach(self, declared: Unreachable, reading: Reading) -> Iterator[Finding]:
        which = (declared.name, reading.target, reading.collector)
        problem = _why_not_reached(reading)
        misses = self._misses.get(which)
        if problem is None:
            if misses is not None and _was_reached(reading):
                del self._misses[which]
                misses.matter.see(reading.at)
                if misses.matter.said is not None:
                    yield self._unreached(declared, misses.matter, None)
            return
        if misses is None:
            key = _key(declared.name, reading.target, ())
            matter = _Matter(declared.name, reading.target, key, reading.at, reading.at)
            misses = self._misses[which] = _Misses(matter)
        misses.matter.see(reading.at)
        misses.count += 1
        if misses.count >= declared.polls and self._is_due(misses.matter):
            misses.matter.said = reading.at
            yield self._unreached(declared, misses.matter, problem)

    def _unreached(self, declared: Unreachable, matter: _Matter, problem: Missing | None) -> Finding:
        """Return the finding; without a problem it is over."""
        evidence: dict[str, str | Value] = {"since": moment(matter.since)}
        if problem is not None:
            evidence |= {"reason": problem.reason.value, "detail": problem.detail}
        said = Words({"target": matter.target, **{name: str(value) for name, value in evidence.items()}})
        return Finding(
            declared.name,
            matter.target,
            matter.seen,
            declared.severity,
            declared.summary.en.format_map(said),
            matter.key,
            evidence,
            cleared=problem is None,
            expires_s=self._expires_s(matter),
            summaries={"id": declared.summary.id.format_map(said)},
            runbook=declared.runbook,
        )

    # ── time ──

    def _is_due(self, matter: _Matter) -> bool:
        return matter.said is None or matter.seen - matter.said >= self._repeat_s

    def _expires_s(self, matter: _Matter) -> float:
        return 3 * self._repeat_s + _LATE_POLLS * matter.gap_s

    def _forgotten(self, matter: _Matter, now: float) -> bool:
        return now - matter.seen > _FORGET_AFTER * self._expires_s(matter)


def _key(name: str, target: str, values: Row) -> str:
    return "/".join((name, target, *values))


def _why_not_reached(reading: Reading) -> Missing | None:
    """Return why nothing came; None where something did, or what failed is no matter of reaching the target."""
    if reading.problem is not None:
        return reading.problem if reading.problem.reason in _NOT_REACHED else None
    problems = [part.problem for part in reading.parts if not part.absent]
    if not problems or any(problem is None or problem.reason not in _NOT_REACHED for problem in problems):
        return None
    return None if any(part.tables for part in reading.parts) else problems[0]


def _was_reached(reading: Reading) -> bool:
    """Tell whether something came: what a target lacks is remembered, and no sign of life."""
    return reading.problem is None and any(_came(part) for part in reading.parts)


def _came(part: Part) -> bool:
    return bool(part.tables) or part.problem is None
