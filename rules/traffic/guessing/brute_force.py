"""Many failed log-ins of one source on one service of one host (T1110.001).

What they look like in flows: the handshake is complete, little is said, as much each time, soon over, and again. The
bounds follow SSHCure (Hellemans et al. 2012) and Vykopal's signatures for SSH (2013), in payload.

A service that clients poll has as many log-ins that work, soon over too. One client's failures differ by the name and
the word that were tried; what different clients fetch for different people differs by more.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.guessing.attempts import alike
from rules.traffic.guessing.settings import GuessingSettings, Service

NAME = "brute_force"
TECHNIQUE = "T1110.001"
_SAME: Final = 0.9  # of the connections with a polled service that are nearly the same, at least


def judge(rows: NDArray[np.void], service: Service, settings: GuessingSettings, now_ns: int) -> bool:
    """Tell whether the conversations (ATTEMPT) of one pair in the long window are guessing."""
    newest = rows[rows["at_ns"] >= now_ns - int(settings.window_s * 1e9)]
    if service.polled and _guesses(newest, service, service.polled, service.spread, service.alike):
        return True
    # No spread: within what `alike` allows at least, 40 octets.
    spread, least = (0.0, _SAME) if service.polled else (service.spread, service.alike)
    quick = _guesses(newest, service, service.attempts, spread, least)
    return quick or _guesses(rows, service, int(settings.long_times * service.attempts), spread, least)


def _guesses(rows: NDArray[np.void], service: Service, needed: int, spread: float, least: float) -> bool:
    """Tell whether so many look like failures, and so large a share of them has about the same size."""
    fits = rows["fits"] != 0
    if np.count_nonzero(fits) < needed:
        return False
    near, _ = alike(rows["octets"][fits], spread)
    return bool(near >= least and fits.mean() >= service.alike)
