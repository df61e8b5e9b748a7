"""The tally: which predictions are open, and what became of the others, by rule. Pure.

It learns each event when it is recorded and each record when a start reads the ledger again, so that the counts are
those of the ledger. An event that comes twice, or tells the end of a prediction that is not open, changes nothing.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final

import msgspec

from netmon.api.predictions import Outcome, Predicted, RuleAccount
from netmon.core.predictions.reading import Said, read

OPEN_MAX: Final = 100_000  # several pollers' 20,000 each; some 0.6 kB each
SCORED_MAX: Final = 5_000  # for lists and medians: 3 MB
RULES_MAX: Final = 500  # some dozen are declared; whoever may send events could name any
OVER_MAX: Final = 10_000  # ids of what ended and what was missed, so that what is sent twice counts once
LEAD_BUCKETS_S: Final = (600.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0, 259_200.0, 604_800.0, 1_209_600.0, 2_592_000.0)

_REACHED: Final = frozenset({Outcome.HIT, Outcome.EARLY, Outcome.LATE})
_JUDGED: Final = (Outcome.HIT, Outcome.EARLY, Outcome.LATE, Outcome.FALSE)


class RuleCounts(msgspec.Struct, forbid_unknown_fields=True):
    """What became of a rule's predictions since its first."""

    outcomes: dict[Outcome, int] = msgspec.field(default_factory=dict)
    foretold: int = 0
    leads: list[int] = msgspec.field(default_factory=lambda: [0] * (len(LEAD_BUCKETS_S) + 1))  # by bucket
    lead_s: float = 0.0  # their sum

    def add(self, outcome: Outcome, lead_s: float | None, *, foretold: bool) -> None:
        """Count one."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.foretold += foretold
        if lead_s is not None:
            self.leads[bisect_left(LEAD_BUCKETS_S, lead_s)] += 1
            self.lead_s += lead_s


class Scored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one prediction; of what was missed there is none."""

    rule: str
    outcome: Outcome
    at: float
    foretold: bool = False
    made: Predicted | None = None


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The tally as data."""

    open: list[Predicted]
    scored: list[Scored]
    counts: dict[str, RuleCounts]
    over: list[str]


class Tally:
    """Predictions and their outcomes. `dropped` counts, by reason, what was not taken."""

    def __init__(self) -> None:
        self._open: dict[str, Predicted] = {}
        self._keys: dict[tuple[str, str], list[str]] = {}  # rule and key of the finding → ids that are open
        self._scored: deque[Scored] = deque(maxlen=SCORED_MAX)
        self._counts: dict[str, RuleCounts] = {}
        self._over: dict[str, None] = {}  # ids, the oldest first
        self.dropped: Counter[str] = Counter()

    def learn(self, target: str, at: float, fields: object) -> None:
        """Take one event of the category `prediction`."""
        said = read(target, at, fields) if isinstance(fields, Mapping) else None
        if said is None:
            self.dropped["malformed"] += 1
        elif said.rule not in self._counts and len(self._counts) >= RULES_MAX:
            self.dropped["rules"] += 1
        elif said.outcome is Outcome.OPEN:
            self._begin(said)
        elif said.outcome is Outcome.MISSED:
            self._miss(said)
        else:
            self._end(said)

    def predictions(self, outcomes: Iterable[Outcome] = (Outcome.OPEN,)) -> Sequence[Predicted]:
        """Return predictions with these outcomes: open ones, the nearest first, then the others, the latest first."""
        wanted = set(outcomes)
        found = sorted(self._open.values(), key=lambda each: (each.p50, each.id)) if Outcome.OPEN in wanted else []
        scored = (each.made for each in reversed(self._scored) if each.outcome in wanted and each.made is not None)
        return [*found, *scored]

    def accounts(self, since: float | None = None) -> Sequence[RuleAccount]:
        """Return the account of each rule, by name; `since` counts only what was scored from then on.

        With `since`, and for the medians always, only the newest 5,000 outcomes are known.
        """
        scored: dict[str, list[Scored]] = {}
        for each in self._scored:
            if since is None or each.at >= since:
                scored.setdefault(each.rule, []).append(each)
        is_open = Counter(each.rule for each in self._open.values())
        return [
            _account(rule, is_open[rule], scored.get(rule, []), counts if since is None else None)
            for rule, counts in sorted(self._counts.items())
        ]

    @property
    def counts(self) -> Mapping[str, RuleCounts]:
        """Return the counts of each rule since its first prediction."""
        return self._counts

    def snapshot(self) -> dict[str, Any]:
        """Return everything as data ready for JSON."""
        kept = _Kept(list(self._open.values()), list(self._scored), self._counts, list(self._over))
        found: dict[str, Any] = msgspec.to_builtins(kept)
        return found

    def restore(self, data: object) -> None:
        """Take what `snapshot` gave; ValueError (msgspec's own is one) where it is none, and nothing has changed."""
        kept = msgspec.convert(data, _Kept)
        if any(len(counts.leads) != len(LEAD_BUCKETS_S) + 1 for counts in kept.counts.values()):
            raise ValueError("the tally of predictions has other buckets")
        self._open, self._keys = {}, {}
        for each in kept.open[:OPEN_MAX]:
            self._put(each)
        self._scored = deque(kept.scored, maxlen=SCORED_MAX)
        self._counts = kept.counts
        self._over = dict.fromkeys(kept.over)

    # ── one event ──

    def _begin(self, said: Said) -> None:
        made = said.made
        if made is None or made.id in self._open or made.id in self._over:
            return
        if said.first:  # its rule knows of no other: what is open was forgotten, as by a kill before it was kept
            for identity in tuple(self._keys.get((made.rule, made.key), ())):
                self._close(identity, Outcome.VOID, said.at, None, foretold=False)
        if len(self._open) >= OPEN_MAX:
            self.dropped["open"] += 1
            return
        self._counts.setdefault(made.rule, RuleCounts())
        self._put(made)

    def _end(self, said: Said) -> None:
        if said.id in self._open:
            reached_at = said.reached_at if said.outcome in _REACHED else None
            self._close(said.id, said.outcome, said.at, reached_at, foretold=said.first)

    def _miss(self, said: Said) -> None:
        if said.id in self._over:
            return
        self._end_of(said.id)
        self._counts.setdefault(said.rule, RuleCounts()).add(Outcome.MISSED, None, foretold=False)
        self._scored.append(Scored(said.rule, Outcome.MISSED, said.at))

    def _end_of(self, identity: str) -> None:
        self._over[identity] = None
        if len(self._over) > OVER_MAX:
            del self._over[next(iter(self._over))]

    def _put(self, made: Predicted) -> None:
        self._open[made.id] = made
        self._keys.setdefault((made.rule, made.key), []).append(made.id)

    def _close(self, identity: str, outcome: Outcome, at: float, reached_at: float | None, *, foretold: bool) -> None:
        made = self._open.pop(identity)
        self._end_of(identity)
        ids = self._keys[made.rule, made.key]
        ids.remove(identity)
        if not ids:
            del self._keys[made.rule, made.key]
        lead_s = None if reached_at is None else max(0.0, reached_at - made.made_at)
        counted = foretold and reached_at is not None
        self._counts.setdefault(made.rule, RuleCounts()).add(outcome, lead_s, foretold=counted)
        done = replace(made, outcome=outcome, scored_at=at, reached_at=reached_at)
        self._scored.append(Scored(made.rule, outcome, at, counted, done))


def _account(rule: str, is_open: int, scored: Sequence[Scored], counts: RuleCounts | None) -> RuleAccount:
    number: Mapping[Outcome, int]
    if counts is None:
        number, foretold = Counter(each.outcome for each in scored), sum(each.foretold for each in scored)
    else:
        number, foretold = counts.outcomes, counts.foretold
    reached = [(each.made, each.made.reached_at) for each in scored if each.made is not None]
    leads = [max(0.0, at - made.made_at) for made, at in reached if at is not None]
    errors = [abs(at - made.p50) for made, at in reached if at is not None]
    judged, missed = sum(number.get(outcome, 0) for outcome in _JUDGED), number.get(Outcome.MISSED, 0)
    return RuleAccount(
        rule,
        open=is_open,
        hit=number.get(Outcome.HIT, 0),
        early=number.get(Outcome.EARLY, 0),
        late=number.get(Outcome.LATE, 0),
        false=number.get(Outcome.FALSE, 0),
        averted=number.get(Outcome.AVERTED, 0),
        void=number.get(Outcome.VOID, 0),
        missed=missed,
        foretold=foretold,
        precision=number.get(Outcome.HIT, 0) / judged if judged else None,
        recall=foretold / (foretold + missed) if foretold + missed else None,
        median_lead_s=median(leads) if leads else None,
        median_error_s=median(errors) if errors else None,
    )
