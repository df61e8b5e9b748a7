"""Many failed log-ins of one source on one service of one host (T1110.001).

What they look like in flows: the handshake is complete, little is said, as much each time, soon over, and again. The
bounds follow SSHCure (Hellemans et al. 2012) and Vykopal's signatures for SSH (2013), in payload.
"""

import numpy as np
from numpy.typing import NDArray

from rules.traffic.guessing.attempts import alike
from rules.traffic.guessing.settings import GuessingSettings, Service

NAME = "brute_force"
TECHNIQUE = "T1110.001"


def judge(rows: NDArray[np.void], service: Service, settings: GuessingSettings, now_ns: int) -> bool:
    """Tell whether the conversations (ATTEMPT) of one pair in the long window are guessing."""
    newest = rows[rows["at_ns"] >= now_ns - int(settings.window_s * 1e9)]
    quick = _guesses(newest, service, service.attempts)
    return quick or _guesses(rows, service, int(settings.long_times * service.attempts))


def _guesses(rows: NDArray[np.void], service: Service, needed: int) -> bool:
    fits = rows["fits"] != 0
    if np.count_nonzero(fits) < needed:
        return False
    near, _ = alike(rows["octets"][fits], service.spread)
    return bool(near >= service.alike and fits.mean() >= service.alike)
