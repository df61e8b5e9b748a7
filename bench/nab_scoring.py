"""How the Numenta Anomaly Benchmark scores detections: positions in windows, weights, the best threshold, norms.

After its definition: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms" (arXiv 1510.03336), section
II, with the weights of the published profiles. The first detection in a window counts, the earlier the more; each
detection outside is a false one, a little less so just after a window; a window without detection is a missed one.
Pure: reading files is the command's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PROBATION_SHARE: Final = 0.15  # of a file's rows, in which nothing is scored
_PROBATION_ROWS: Final = 750  # at most
_OUTSIDE: Final = -1
_FAR_BEHIND: Final = 3.0  # widths of the window, after which a false detection counts in full


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit, a false detection and a missed window are worth."""

    name: str
    hit: float
    false: float
    missed: float


PROFILES: Final = (
    Profile("standard", 1.0, 0.11, 1.0),
    Profile("low-FP", 1.0, 0.22, 1.0),
    Profile("low-FN", 1.0, 0.11, 2.0),
)


def _sigmoid(position: float) -> float:
    """Return the value of a detection by its place: -1 where a window begins, 0 where it ends, above 0 behind it."""
    return -1.0 if position > _FAR_BEHIND else 2 / (1 + math.exp(5 * position)) - 1


_EARLIEST: Final = _sigmoid(-1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known of a file: for each row in which window it is (-1: none) and what a detection there is worth."""

    name: str
    window: Ints
    worth: Floats  # 0 to 1 in a window, -1 to 0 outside; before any weight
    probation: int  # rows at the beginning that are not scored
    windows: int

    @property
    def scored_windows(self) -> int:
        """Return how many windows have rows that are scored."""
        return len(np.unique(self.window[self.probation :][self.window[self.probation :] >= 0]))


def truth(name: str, times: Sequence[str], windows: Sequence[tuple[str, str]]) -> Truth:
    """Return what a file's windows say; `times` are its rows', `windows` their first and last rows' times."""
    rows: dict[str, int] = {}
    for row, time in enumerate(times):
        rows.setdefault(time, row)
    spans = [(rows[first], rows[last]) for first, last in windows]
    window, worth = np.full(len(times), _OUTSIDE), np.full(len(times), -1.0)
    end, width = -1, 0
    for number, (first, last) in enumerate(spans):
        _after(worth, end, width, first)
        end, width = last, last - first + 1
        window[first : last + 1] = number
        worth[first : last + 1] = [_sigmoid((row - last - 1) / width) / _EARLIEST for row in range(first, last + 1)]
    _after(worth, end, width, len(times))
    probation = min(math.floor(_PROBATION_SHARE * len(times)), _PROBATION_ROWS)
    return Truth(name, window, worth, probation, len(windows))


def _after(worth: Floats, end: int, width: int, until: int) -> None:
    """Fill what detections are worth from behind a window until the next."""
    if width > 1:
        worth[end + 1 : until] = [_sigmoid((row - end) / (width - 1)) for row in range(end + 1, until)]


@dataclass(frozen=True, slots=True)
class Result:
    """A file's score at a threshold, and what made it."""

    raw: float
    hits: int
    missed: int
    false: int


def score(known: Truth, scores: Floats, threshold: float, profile: Profile) -> Result:
    """Return what the detections of a file are worth: the rows whose scores reach the threshold."""
    rows = np.flatnonzero(scores >= threshold)
    rows = rows[rows >= known.probation]
    windows, worth = known.window[rows], known.worth[rows]
    best = [worth[windows == number].max() for number in np.unique(windows) if number != _OUTSIDE]
    outside = worth[windows == _OUTSIDE]
    missed = known.scored_windows - len(best)
    raw = profile.hit * sum(best) + profile.false * outside.sum() - profile.missed * missed
    return Result(float(raw), len(best), missed, len(outside))


def best_threshold(known: Sequence[Truth], scores: Sequence[Floats], profile: Profile) -> tuple[float, float]:
    """Return the threshold at which the files together score most, and that score: what NAB calls optimising.

    It is chosen on the very files that it is then scored on. Infinity where nothing detected is best.
    """
    points = [
        (float(values[row]), number, int(one.window[row]), float(one.worth[row]))
        for number, (one, values) in enumerate(zip(known, scores, strict=True))
        for row in range(one.probation, len(values))
    ]
    points.sort(key=lambda point: -point[0])
    total = -profile.missed * sum(one.scored_windows for one in known)
    found: dict[tuple[int, int], float] = {}
    best = (math.inf, total)
    for place, (value, number, window, worth) in enumerate(points):
        if window == _OUTSIDE:
            total += profile.false * worth
        else:
            before = found.get((number, window), -profile.missed)
            found[number, window] = max(before, profile.hit * worth)
            total += found[number, window] - before
        last = place + 1 == len(points) or points[place + 1][0] != value
        if last and total > best[1]:
            best = (value, total)
    return best


def null(known: Sequence[Truth], profile: Profile) -> float:
    """Return the raw score of a detector that says nothing."""
    return -profile.missed * sum(one.scored_windows for one in known)


def perfect(known: Sequence[Truth], profile: Profile) -> float:
    """Return the raw score of one that detects each window at its beginning and nothing else."""
    return profile.hit * sum(one.windows for one in known)


def normalised(raw: float, known: Sequence[Truth], profile: Profile) -> float:
    """Return a raw score in NAB's unit: 0 for a detector that says nothing, 100 for the perfect one."""
    least = null(known, profile)
    return 100 * (raw - least) / (perfect(known, profile) - least)
