"""Claims and questions that a machine says over and over, told apart from those that are said once.

Who asks for a host that is gone, or keeps its own address alive, says the same many times a second; where nobody
contests or answers it, what it says the last time stands for all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import NEIGHBOUR
from rules.traffic.numbering import Numbering

Place: TypeAlias = tuple[int, int, int]  # VLAN and address
Rows: TypeAlias = NDArray[np.intp]

_TIME_OCTETS: Final = 8  # of `at_ns`, which comes first; what follows is compared
_QUESTIONS: Final = (1, 3)  # kinds of NEIGHBOUR that ask
_REPLIES: Final = (2, 4)
_MANY: Final = 3  # times from which a row is left out


class Repeats:
    """Weighs the rows of a window."""

    def __init__(self) -> None:
        draw = np.random.default_rng()
        self._numbering = Numbering()
        self._factors = draw.integers(1, 1 << 63, (NEIGHBOUR.itemsize - _TIME_OCTETS) // 4, np.uint64)

    def weigh(self, rows: NDArray[np.void], holder: Callable[[Place], int | None], asked_s: float) -> NDArray[np.int64]:
        """Return for how many each row (NEIGHBOUR[n]) stands: usually 1.

        Of questions that are the same but for their time, where nobody answers and nobody else claims the address of
        who asks, the first stands for itself, the last for all others, and these for nothing. So with questions that
        are answered each time, and their answers. `holder`: who holds a place, None where nobody does; `asked_s`: how
        long a question waits for its answer.
        """
        weights = np.ones(len(rows), np.int64)
        groups, counts, first = self._grouped(rows)
        many = np.flatnonzero((counts >= _MANY) & np.isin(rows["kind"][first], _QUESTIONS))
        if not len(many):
            return weights
        replies = np.flatnonzero(np.isin(rows["kind"][first], _REPLIES))
        rivals, answered = _rivals(rows[first]), _by_place(rows[first[replies]], replies)
        one = rows[first[many]]
        macs, asked = one["claimed_mac"].tolist(), list(_places(one, "asked_"))
        alone = Counter(_places(rows[first[np.isin(rows["kind"][first], _QUESTIONS)]], "asked_"))
        for group, place, mac, question in zip(many.tolist(), _places(one), macs, asked, strict=True):
            if place in rivals or holder(place) not in (None, mac):
                continue
            mine, answers = np.flatnonzero(groups == group), answered.get(question, [])
            if not answers:
                weights[mine[1:-1]] = 0
                weights[mine[-1]] = len(mine) - 1
            elif len(answers) == 1 and alone[question] == 1 and question not in rivals and question != place:
                reply = rows[first[answers[0]]]
                to = int(reply["vlan"]), int(reply["asked_hi"]), int(reply["asked_lo"])
                if to == place and holder(question) in (None, int(reply["claimed_mac"])):
                    _weigh_answered(weights, rows["at_ns"], mine, np.flatnonzero(groups == answers[0]), asked_s)
        return weights

    def _grouped(self, rows: NDArray[np.void]) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.intp]]:
        """Return numbers of rows, equal ones where they differ in time alone; how many have each, and the first."""
        octets = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), NEIGHBOUR.itemsize)
        words = np.ascontiguousarray(octets[:, _TIME_OCTETS:]).view(np.uint32)
        groups, count = self._numbering.number((words * self._factors).sum(axis=1, dtype=np.uint64))
        first = np.zeros(count, np.intp)
        first[groups[::-1]] = np.arange(len(rows) - 1, -1, -1)
        if not np.array_equal(words, words[first[groups]]):  # two that differ share a hash
            groups, first = np.arange(len(rows), dtype=np.uint32), np.arange(len(rows))
        return groups, np.bincount(groups, minlength=len(first)), first


def _weigh_answered(
    weights: NDArray[np.int64], at_ns: NDArray[np.uint64], asked: Rows, told: Rows, asked_s: float
) -> None:
    """Let the first question and answer stand for themselves, the last for the others, where each answer has its own.

    `asked`, `told`: the rows of the questions and of their answers.
    """
    before = np.searchsorted(asked, told[1:]) - 1  # the last question before each answer but the first
    if len(told) < _MANY or (before < 1).any() or (asked[before] < told[:-1]).any():
        return
    waited_ns = at_ns[told[1:]].astype(np.int64) - at_ns[asked[before]].astype(np.int64)
    if (waited_ns < 0).any() or (waited_ns >= asked_s * 0.9e9).any():
        return
    last = int(before[-1])
    weights[asked[1:last]] = 0
    weights[asked[last]] = last
    weights[told[1:-1]] = 0
    weights[told[-1]] = len(told) - 1


def _by_place(rows: NDArray[np.void], groups: Rows) -> dict[Place, list[int]]:
    """Return the groups of claims by the place that they claim."""
    known: dict[Place, list[int]] = {}
    for place, group in zip(_places(rows), groups.tolist(), strict=True):
        known.setdefault(place, []).append(group)
    return known


def _rivals(rows: NDArray[np.void]) -> set[Place]:
    """Return the places that several machines claim."""
    known: dict[Place, int] = {}
    macs = rows["claimed_mac"].tolist()
    return {place for place, mac in zip(_places(rows), macs, strict=True) if known.setdefault(place, mac) != mac}


def _places(rows: NDArray[np.void], which: str = "") -> Iterable[Place]:
    return zip(*(rows[name].tolist() for name in ("vlan", f"{which}hi", f"{which}lo")), strict=True)
