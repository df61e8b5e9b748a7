"""One series from its beginning, judged as it would have been live."""

from typing import Final

import numpy as np

from netmon.api.columns import Flags, Floats
from rules.baselines.score import Detector
from rules.baselines.settings import BaselineSettings

_SLOT: Final = np.zeros(1, np.int32)


def replay(at: Floats, values: Floats, settings: BaselineSettings) -> tuple[Floats, Flags]:
    """Return the score of each value, from 0 to below 1, and whether it is an anomaly; all arrays have the same length.

    `at` is in Unix seconds. A value that is not finite is a missing reading: its score is NaN, and nothing is learnt.
    """
    detector = Detector(settings.detector, 1)
    scores = np.full(len(values), np.nan)
    for row in np.flatnonzero(np.isfinite(values) & np.isfinite(at)):
        scores[row] = detector.step(_SLOT, values[row : row + 1], at[row : row + 1]).scores[0]
    return scores, scores >= settings.threshold
