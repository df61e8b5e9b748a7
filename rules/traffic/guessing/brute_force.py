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
_APART: Final = 12  # octets between two steps, at least: tags that count, of commands, have one octet or two
_WIDE: Final = 24  # octets from the shortest to the longest of a step, at most
_STEP: Final = 20  # octets of a refusal, at least: POP3's are the shortest, with thirty
_UNEVEN: Final = 0.15  # of a step: how far from a whole number of them
_PART: Final = 0.05  # of all connections, which a step has at least
_WORDS: Final = 6  # lengths of what was asked in a step, at least: names and words differ


def judge(rows: NDArray[np.void], service: Service, settings: GuessingSettings, now_ns: int) -> bool:
    """Tell whether the conversations (ATTEMPT) of one pair in the long window are guessing."""
    newest = rows[rows["at_ns"] >= now_ns - int(settings.window_s * 1e9)]
    if service.polled and _guesses(newest, service, service.polled, service.spread, service.alike):
        return True
    # No spread: within what `alike` allows at least, 40 octets.
    spread, least = (0.0, _SAME) if service.polled else (service.spread, service.alike)
    quick = _guesses(newest, service, service.attempts, spread, least)
    many = int(settings.long_times * service.attempts)
    if quick or _guesses(rows, service, many, spread, least):
        return True
    fits = rows[rows["fits"] != 0]
    return bool(service.polled) and len(fits) >= max(many, service.alike * len(rows)) and _in_steps(fits)


def _in_steps(rows: NDArray[np.void]) -> bool:
    """Tell whether what a service said comes in steps, as refusals do of which a connection has one or more.

    A refusal is as long each time, so that conversations of one, two and three tries are as far apart; what is refused
    differs from try to try. Programs that poll say the same each time, and what they fetch comes in no steps.
    """
    told = np.sort(rows["reply_octets"].astype(np.int64))
    begins = np.flatnonzero(np.diff(told, prepend=-_APART) >= _APART)
    counts = np.diff(np.append(begins, len(told)))
    begins, counts = begins[counts >= _PART * len(told)], counts[counts >= _PART * len(told)]
    if len(begins) < 2 or counts.sum() < _SAME * len(told):
        return False
    low, high = told[begins], told[begins + counts - 1]
    gaps = np.diff(low)
    steps = (low - low[0]) / gaps.min()
    regular = np.abs(steps - np.rint(steps)).max() <= _UNEVEN and gaps.min() >= _STEP
    if not regular or (high - low).max() > _WIDE:
        return False
    asked = rows["octets"].astype(np.int64) - rows["reply_octets"]
    said = rows["reply_octets"]
    each = [asked[(said >= least) & (said <= most)] for least, most in zip(low, high, strict=True)]
    return all(len(np.unique(mine)) >= min(_WORDS, len(mine) / 2) for mine in each)


def _guesses(rows: NDArray[np.void], service: Service, needed: int, spread: float, least: float) -> bool:
    """Tell whether so many look like failures, and so large a share of them has about the same size."""
    fits = rows["fits"] != 0
    if np.count_nonzero(fits) < needed:
        return False
    near, _ = alike(rows["octets"][fits], spread)
    return bool(near >= least and fits.mean() >= service.alike)
