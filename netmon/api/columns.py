"""Many series at once: what a tick brought, as columns, and what closed periods were.

A series has a slot, a small number that holds its place in every column; whoever gives the slots says when one is
free again, so that state kept under it can be cleared. Arrays are read-only by agreement and not kept by who gets them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.words import Event, Finding

Slots: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]
Arrays: TypeAlias = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity of one target over time: what its values are called and how they are told apart."""

    target: str
    metric: str
    labels: tuple[tuple[str, str], ...] = ()  # in the order of the table; those that are empty left out

    @property
    def key(self) -> str:
        """Return the series as one text, the same for as long as nothing of it is renamed."""
        return "\x1f".join((self.target, self.metric, *(f"{name}={value}" for name, value in self.labels)))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The new values of a tick: row i is of the series at `slots[i]`. All arrays have the same length.

    No slot is there twice, no value is NaN or infinite: what is missing has no row. A counter's value is its rate per
    second. `bounds` is the declared limit at that moment, in the unit of the value, NaN where none is declared;
    `falling` says that the value must not fall below it, otherwise it must not rise above.
    """

    slots: Slots
    at: Floats  # Unix seconds when each was read
    values: Floats
    bounds: Floats
    falling: Flags

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True, slots=True, eq=False)
class Rollup:
    """What a closed period was for the series that had values in it. All arrays have the same length."""

    begins: float  # Unix seconds, a multiple of length_s
    length_s: int  # 300 or 86,400
    slots: Slots
    counts: NDArray[np.uint32]  # values that went into it
    minimum: Singles
    mean: Singles
    maximum: Singles
    p95: Singles  # of the values of five minutes; of a day: of its five-minute means


class Book(Protocol):
    """Who has which slot."""

    @property
    def size(self) -> int:
        """Return a number above every slot given so far: what columns must hold."""

    def series(self, slot: int) -> Series | None:
        """Return the series at a slot; None where it is free."""


class Keeps(Protocol):
    """State that survives a restart."""

    name: str

    def save(self) -> Arrays:
        """Return copies of everything that is to be kept, so that another thread may write them."""

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""


class SeriesRule(Keeps, Protocol):
    """A rule over the columns of all series. Pure: no I/O, no clock, no log, so that it can be replayed."""

    @property
    def changes(self) -> int:
        """Return a number that grows with what must not be lost: it is kept soon then, else every ten minutes."""

    def step(self, batch: Batch) -> Iterator[Finding | Event]:
        """Judge what a tick brought."""

    def learn(self, rollup: Rollup) -> None:
        """Take a closed period, the oldest first; also those of the past at the start."""

    def tick(self, now: float) -> Iterator[Finding | Event]:
        """Judge what follows from time passing. `now` is in Unix seconds."""

    def free(self, slots: Slots) -> None:
        """Forget what was at these slots: other series may get them."""
