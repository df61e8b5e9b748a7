"""One attack to be measured, and what `netmon replay` says of it: in the same process, to know when it was said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from bench.detection.packets import HEADER, Packets, joined, octets
from netmon.app.traffic.replaying import open_replay

Attack: TypeAlias = Callable[[Generator], Packets]


@dataclass(frozen=True, slots=True)
class Case:
    """An attack. `expected`: any of these rules names it rightly; `beside`: what may be said as well."""

    name: str
    expected: tuple[str, ...]  # none: nothing must be said
    make: Attack
    beside: tuple[str, ...] = ()
    background: bool = True  # among ordinary traffic, or by itself


@dataclass(frozen=True, slots=True)
class Said:
    """What was found: each matter once."""

    rule: str
    after_s: float  # from the first packet of the attack
    severity: str
    summary: str
    worst: str = ""  # the highest severity that it came to


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case."""

    name: str
    expected: tuple[str, ...]
    said: Sequence[Said]
    beside: tuple[str, ...] = ()
    packets: int = 0
    tool: str = field(default="model")

    @property
    def named_after_s(self) -> float | None:
        """Return when a rule that is expected spoke first."""
        return min((one.after_s for one in self.said if one.rule in self.expected), default=None)

    @property
    def others(self) -> list[Said]:
        """Return what was said and is neither expected nor beside it."""
        return [one for one in self.said if one.rule not in self.expected + self.beside]

    @property
    def right(self) -> bool:
        """Tell whether it was named, once, and nothing else was."""
        named = sum(one.rule in self.expected for one in self.said)
        return not self.others and (named == 1 if self.expected else True)


def replayed(path: Path, began: float) -> tuple[list[Said], int]:
    """Return what a capture's replay says, and how many packets it had."""
    replay = open_replay(path, None, None)
    heard = list(replay.run())
    told = [
        Said(
            *(first.rule, first.at - began, first.severity.value, first.summary),
            worst=max(finding.severity for finding, _ in heard if finding.key == first.key).value,
        )
        for first, begins in heard
        if begins
    ]
    return told, replay.seen.packets


def measure(case: Case, background: Packets, folder: Path, seed: int = 1) -> Outcome:
    """Replay an attack among ordinary traffic."""
    attack = joined([case.make(np.random.default_rng(seed))])
    rows = joined([background, attack]) if case.background else attack
    path = folder / "case.pcap"
    with path.open("wb") as out:
        out.write(HEADER)
        for begin in range(0, len(rows), 200_000):
            out.write(octets(rows[begin : begin + 200_000]))
    said, packets = replayed(path, int(attack["at_ns"][0]) / 1e9)
    path.unlink()
    return Outcome(case.name, case.expected, said, case.beside, packets)
