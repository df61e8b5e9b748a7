"""Targets of which nothing can be read, several polls in a row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from netmon.api import Finding, Missing, Part, Reading, Reason, Value
from rules.limits.matter import Matter
from rules.limits.words import Words, moment
from rules.pack import Unreachable

_NOT_REACHED: Final = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.NOT_FOUND, Reason.AUTH_FAILED, Reason.DEADLINE})


@dataclass(slots=True)
class _Misses:
    """Polls of one target by one collector that brought nothing, in a row."""

    matter: Matter
    count: int = 0


class Reach:
    """Counts polls that brought nothing, for each target and collector."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._declared: tuple[Unreachable, ...] = ()
        self._misses: dict[tuple[str, str, str], _Misses] = {}  # name, target, collector

    def configure(self, declared: Sequence[Unreachable]) -> None:
        """Judge by these from the next poll on."""
        self._declared = tuple(declared)
        names = {one.name for one in declared}
        self._misses = {which: misses for which, misses in self._misses.items() if misses.matter.name in names}

    def observe(self, reading: Reading) -> Iterator[Finding]:
        """Judge one poll."""
        for declared in self._declared:
            yield from self._one(declared, reading)

    def tick(self, now: float) -> None:
        """Forget what has expired everywhere."""
        for which in [key for key, one in self._misses.items() if one.matter.is_forgotten(now, self._repeat_s)]:
            del self._misses[which]

    def _one(self, declared: Unreachable, reading: Reading) -> Iterator[Finding]:
        which = (declared.name, reading.target, reading.collector)
        problem = _why_not_reached(reading)
        misses = self._misses.get(which)
        if problem is None:
            if misses is not None and _was_reached(reading):
                del self._misses[which]
                misses.matter.see(reading.at)
                if misses.matter.said is not None:
                    yield self._finding(declared, misses.matter, None)
            return
        if misses is None:
            matter = Matter(declared.name, reading.target, (), reading.at, reading.at)
            misses = self._misses[which] = _Misses(matter)
        misses.matter.see(reading.at)
        misses.count += 1
        if misses.count >= declared.polls and misses.matter.is_due(self._repeat_s):
            misses.matter.said = reading.at
            yield self._finding(declared, misses.matter, problem)

    def _finding(self, declared: Unreachable, matter: Matter, problem: Missing | None) -> Finding:
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
            expires_s=matter.expires_s(self._repeat_s),
            summaries={"id": declared.summary.id.format_map(said)},
            runbook=declared.runbook,
        )


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
