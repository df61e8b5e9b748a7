"""How many addresses send an attack: those in the window's sample of its packets, and an estimate of the others.

The sketch of a victim's peers knows of everybody who sends to it, its clients too; so it only bounds what is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.learned import hashed

Records = NDArray[np.void]

_TOLD_APART: Final = 2_500.0  # peers that a sketch of 512 bits tells within 10%; of more it knows that they are many


_ERROR: Final = 1.25  # times what there are, that may be estimated
_FEW: Final = 100  # met ones: by fewer, others are estimated roughly


@dataclass(frozen=True, slots=True)
class Senders:
    """How many addresses send an attack."""

    met: int  # in the sample
    all: int  # estimated; as many as were met where they are all

    def words(self, language: str = "en") -> str:
        """Return how many they are, as a finding says it."""
        return said(self.met, self.all, language)


def senders(records: Records, everything: Callable[[], Records], sampled: float, peers: float) -> Senders:
    """Estimate how many addresses send an attack.

    `records`: those of the attack; `everything`: gives all sampled records to the victim; `sampled`: which share of
    all records the sample has, 1 for all of them; `peers`: from how many addresses the victim receives anything.
    """
    met, count = _met(records), len(records)
    if not count:
        return Senders(0, max(round(peers), 1))
    if sampled >= 1:
        return Senders(len(met), len(met))
    # Chao1 without replacement (Chao and Lin 2012), with its correction for few that are met twice.
    once, twice = int(np.count_nonzero(met == 1)), int(np.count_nonzero(met == 2))
    weight = 2.0 * (twice + 1) * count / max(count - 1, 1) + sampled / (1 - sampled) * once
    estimated = len(met) + once * (once - 1) / weight
    if 2 * once > count:  # too few of them were met to tell: a part of the peers, as they have of those in the sample
        part = len(met) / max(len(_met(everything())), len(met))
        estimated = max(estimated, min(part * peers, count / sampled))
    if peers < _TOLD_APART:
        estimated = min(estimated, peers)
    return Senders(len(met), max(round(estimated), len(met)))


def said(met: float, estimated: float, language: str) -> str:
    """Return how many addresses there are: 12 addresses; at least 1,000 addresses where more were estimated than met.

    An estimate is within a fifth of the truth mostly: said is what it is sure of, 1, 2 or 5 times a power of ten.
    """
    if estimated <= met:
        return telling.addresses(estimated, language)
    return _at_least(_sure(met, estimated), language)


def said_of_all(met: float, estimated: float, language: str) -> str:
    """Return how many addresses a whole attack had, by the window of most: at least as many as that one."""
    count = estimated if estimated <= met else _sure(met, estimated)
    return telling.addresses(count, language) if count <= 1 else _at_least(count, language)


def _at_least(count: float, language: str) -> str:
    return f"{'sedikitnya' if language == 'id' else 'at least'} {telling.addresses(count, language)}"


def _sure(met: float, estimated: float) -> float:
    if 0 < met < _FEW:
        return met
    sure = max(estimated / _ERROR, 1.0)
    power = 10.0 ** floor(log10(sure))
    return max(met, *(step * power for step in (1.0, 2.0, 5.0) if step * power <= sure))


def _met(records: Records) -> NDArray[np.int64]:
    """Return how many records each source sent."""
    return np.unique(hashed(records["source_hi"], records["source_lo"]), return_counts=True)[1]
