"""The rule: what was found wrong lasts, is said again, and is said once more when it is over.

A reading that is missing changes nothing: what was wrong stays so until it is seen to be good, or its source has not
said it for so long that it expires.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from netmon.api import Finding, Reading, Value
from rules.limits.evidence import Witnesses
from rules.limits.judge import Verdict, is_quiet, judge
from rules.limits.layout import Layout, Layouts, Look
from rules.limits.matter import Matter
from rules.limits.past import FORGET_S, Pasts
from rules.limits.reach import Reach
from rules.limits.tables import Row, Tables, floats
from rules.limits.words import moment, words
from rules.pack import Limit, Pack

REPEAT_S: Final = 300.0  # how often what lasts is said again
MATTERS_MAX: Final = 1000  # of one target: twice the ports of the largest chassis

_FORGET_POLL_S: Final = 2 * 86_400.0  # nothing is polled less often than once a day
_SWEEP_S: Final = 300.0  # how often what is not read any more is looked for


_Verdicts: TypeAlias = dict[tuple[str, Row], Verdict]


class Limits:
    """Judges readings by packs of limits. Not more than `matters_max` matters of a target are followed at a time."""

    name = "limits"

    def __init__(self, packs: Sequence[Pack], *, repeat_s: float = REPEAT_S, matters_max: int = MATTERS_MAX) -> None:
        self._layouts = Layouts(())
        self._named: dict[str, Limit] = {}
        self._repeat_s = repeat_s
        self._matters_max = matters_max
        self._matters: dict[str, dict[tuple[str, Row], Matter]] = {}  # target → limit and labels
        self._swept_at = 0.0
        self._polled: dict[tuple[str, ...], float] = {}  # target, collector, parts → when they were read last
        self._reach = Reach(repeat_s)
        self._pasts = Pasts()
        self._witnesses = Witnesses()
        self.dropped: Counter[str] = Counter()  # matters that were not followed, by limit: their target had too many
        self.configure(packs)

    @property
    def unread(self) -> Counter[str]:
        """Return how often a column was not followed because its target had too many, by metric."""
        return self._pasts.dropped

    def configure(self, packs: Sequence[Pack]) -> None:
        """Judge by these from the next poll on. What a limit said that is gone is said no more, and so expires."""
        self._named = {limit.name: limit for pack in packs for limit in pack.limits}
        self._layouts = Layouts(self._named.values())
        for matters in self._matters.values():
            for which in [which for which in matters if which[0] not in self._named]:
                del matters[which]
        self._reach.configure([pack.unreachable for pack in packs if pack.unreachable is not None])
        self._witnesses.configure(self._named.values())

    def observe(self, reading: Reading) -> Iterator[Finding]:
        """Judge one poll."""
        yield from self._reach.observe(reading)
        if reading.problem is not None:
            return
        gap_s = self._since_the_poll_before(reading)
        layout = self._layouts.of(reading)
        tables = Tables(reading, layout)
        self._witnesses.see(reading.target, tables, reading.at)
        verdicts = self._verdicts(reading, tables, layout).items()
        for (name, values), verdict in sorted(verdicts, key=_still_wrong):  # what is over makes room
            yield from self._follow(self._named[name], values, verdict, reading, gap_s)
        for limit in layout.witnessed:
            self._witnesses.judged(reading.target, limit)

    def tick(self, now: float) -> Iterator[Finding]:
        """Forget what was not judged for so long that it has expired everywhere."""
        for target, matters in tuple(self._matters.items()):
            for which in [which for which, matter in matters.items() if matter.is_forgotten(now, self._repeat_s)]:
                del matters[which]
            if not matters:
                del self._matters[target]
        self._reach.tick(now)
        if not 0 <= now - self._swept_at < _SWEEP_S:
            self._swept_at = now
            self._pasts.forget(now)
            self._polled = {which: at for which, at in self._polled.items() if now - at < _FORGET_POLL_S}
            self._witnesses.forget(now, FORGET_S)
        yield from ()

    def _since_the_poll_before(self, reading: Reading) -> float:
        """Return the seconds since these parts of the target were read before; 0 at the first time.

        What is said must hold until they are read again, which may be in an hour.
        """
        which = (reading.target, reading.collector, *(part.name for part in reading.parts))
        before = self._polled.get(which, reading.at)
        self._polled[which] = reading.at
        return max(0.0, reading.at - before)

    # ── from tables to verdicts ──

    def _verdicts(self, reading: Reading, tables: Tables, layout: Layout) -> _Verdicts:
        """Return how each matter stands; what two MIBs tell of one thing is one matter."""
        active: dict[str, set[Row]] = {}
        for name, values in self._matters.get(reading.target, ()):
            active.setdefault(name, set()).add(values)
        found: _Verdicts = {}
        for look in layout.looks:
            for name, verdicts in self._look(reading, tables, look, active):
                for row, verdict in verdicts.items():
                    known = found.get((name, row))
                    found[name, row] = verdict if known is None else known.joined(verdict)
        return found

    def _look(
        self, reading: Reading, tables: Tables, look: Look, active: dict[str, set[Row]]
    ) -> Iterator[tuple[str, dict[Row, Verdict]]]:
        """Give the verdicts on one column by each limit. What is packed and within a fixed limit is not unpacked."""
        spot, first = tables.spot(look), look.tasks[0].limit
        plain, values = first.read == "value", None
        if not plain:
            quiet = look.skips_zero and not any(task.limit.name in active for task in look.tasks)
            values = self._pasts.read(reading.target, spot, first, reading.at, skips_zero=quiet)
            if values is None:
                return
        for task in look.tasks:
            matters = active.get(task.limit.name, ())
            if plain and not matters and is_quiet(spot, task):
                continue
            if values is None:
                values = floats(spot.column)
            yield task.limit.name, judge(tables, spot, task, values, matters)

    # ── from verdicts to findings ──

    def _follow(self, limit: Limit, values: Row, verdict: Verdict, reading: Reading, gap_s: float) -> Iterator[Finding]:
        matters = self._matters.setdefault(reading.target, {})
        matter, at = matters.get((limit.name, values)), reading.at
        if matter is None:
            if not verdict.beyond:
                return
            if len(matters) >= self._matters_max:
                self.dropped[limit.name] += 1
                return
            matter = matters[limit.name, values] = Matter(limit.name, reading.target, values, at, at, gap_s)
            matter.before = self._witnesses.before(reading.target, limit, verdict.labels)
        matter.see(at)
        if verdict.clear or (matter.said is None and not verdict.beyond):
            del matters[limit.name, values]
            if matter.said is not None:
                yield self._finding(limit, verdict, matter, cleared=True)
        elif at - matter.since >= limit.for_s and matter.is_due(self._repeat_s):
            matter.said = at
            yield self._finding(limit, verdict, matter)

    def _finding(self, limit: Limit, verdict: Verdict, matter: Matter, *, cleared: bool = False) -> Finding:
        evidence: dict[str, str | Value] = {"metric": limit.metric, "value": verdict.value, "limit": verdict.limit}
        told = self._witnesses.now(matter.target, limit, verdict.labels)
        return Finding(
            limit.name,
            matter.target,
            matter.seen,
            limit.severity,
            limit.summary.en.format_map(words(limit, verdict, matter.target, "en")),
            matter.key,
            {**evidence, "since": moment(matter.since), **told, **matter.before},
            cleared=cleared,
            expires_s=matter.expires_s(self._repeat_s),
            labels={name: verdict.labels[name] for name in limit.labels if verdict.labels.get(name)},
            summaries={"id": limit.summary.id.format_map(words(limit, verdict, matter.target, "id"))},
            runbook=limit.runbook,
        )


def _still_wrong(verdict: tuple[tuple[str, Row], Verdict]) -> bool:
    return not verdict[1].clear
