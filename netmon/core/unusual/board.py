"""The board: the newest anomaly events, so that an incident can show what was unusual at its targets. Pure.

It learns each event when it is recorded and each record when a start reads the ledger again.
"""

from collections import Counter, deque
from collections.abc import Container, Mapping, Sequence
from math import isfinite
from typing import Any, Final

import msgspec

from netmon.api.unusual import ANOMALY_PREFIX, Unusual

SEEN_MAX: Final = 20_000  # 33 hours of one poller that says ten a minute; some 0.4 kB each
_TEXT_MAX: Final = 1_000  # characters of a name or of all labels; those of real series are far shorter
_DAY_S: Final = 86_400.0


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """One event. As JSON a list: 20,000 of them are written with every snapshot."""

    target: str
    metric: str
    labels: str
    at: float
    value: float
    expected: float
    score: float


class Board:
    """The newest events. `dropped` counts, by reason, what was not taken, and what left within a day."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=SEEN_MAX)
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._seen)

    def learn(self, target: str, at: float, fields: object) -> None:
        """Take one event of the category `anomaly`; the oldest makes room."""
        seen = _read(target, at, fields) if isinstance(fields, Mapping) else None
        if seen is None:
            self.dropped["malformed"] += 1
            return
        if len(self._seen) == SEEN_MAX and at - self._seen[0].at < _DAY_S:
            self.dropped["oldest"] += 1
        self._seen.append(seen)

    def found(self, since: float, until: float, targets: Container[str] | None = None) -> Sequence[Unusual]:
        """Return the series that were unusual then, each when it was most so, the most unusual first.

        Times are Unix seconds, both ends included. `targets`: only theirs.
        """
        series: dict[tuple[str, str, str], list[Seen]] = {}
        for seen in self._seen:
            if since <= seen.at <= until and (targets is None or seen.target in targets):
                series.setdefault((seen.target, seen.metric, seen.labels), []).append(seen)
        return sorted(map(_most, series.values()), key=_order)

    def snapshot(self) -> list[Seen]:
        """Return everything, ready for msgspec's JSON encoder in any thread: a copy of what never changes."""
        return list(self._seen)

    def restore(self, data: object) -> None:
        """Take what `snapshot` gave; ValueError (msgspec's own is one) where it is none, and nothing has changed."""
        self._seen = deque(msgspec.convert(data, list[Seen]), maxlen=SEEN_MAX)


def _most(events: Sequence[Seen]) -> Unusual:
    most = max(events, key=lambda seen: (seen.score, seen.at))
    times = len({seen.at for seen in events})  # what a sender says twice happened once
    return Unusual(most.target, most.metric, most.labels, most.at, most.value, most.expected, most.score, times)


def _order(one: Unusual) -> tuple[float, float, str, str, str]:
    return (-one.score, -one.at, one.target, one.metric, one.labels)


def _read(target: str, at: float, fields: Mapping[str, Any]) -> Seen | None:
    """Return what an event's fields say; None where they are not those of an anomaly, whatever a sender wrote."""
    names = [target, *(fields.get(ANOMALY_PREFIX + name) for name in ("metric", "labels"))]
    numbers = [at, *(fields.get(ANOMALY_PREFIX + name) for name in ("value", "expected", "score"))]
    if not all(isinstance(name, str) and len(name) <= _TEXT_MAX for name in names) or not all(names[:2]):
        return None
    if not all(map(_is_number, numbers)):
        return None
    return Seen(*names, *map(float, numbers))  # type: ignore[arg-type]  # looked at above


def _is_number(value: object) -> bool:
    """Tell whether it is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False
