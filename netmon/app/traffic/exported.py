"""What a flow collector's records go through: all that detectors look at.

Where none is on, what is measured; where nobody asks for that either, nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.pairing import Pairing
from netmon.api.traffic import RECORD, Flows, Second, Traffic, empty
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.pipeline import Parts
from rules.traffic.tables.tables import Tables
from rules.traffic.tables.volumes import Volumes

Records: TypeAlias = NDArray[np.void]

_NO_RECORDS: Final = empty(RECORD)
_NS: Final = 1_000_000_000


class _Way(Protocol):
    def count(self, records: Records) -> None: ...

    def take(self, records: Records, now_ns: int) -> None: ...

    def tables(self, start: float, end: float) -> Second: ...

    def flows(self, now_ns: int) -> tuple[Records, Flows | None]: ...

    def finish(self) -> Records: ...


class _Judged:
    """Everything is told apart that detectors ask for, and the two directions of a flow are joined."""

    def __init__(self, settings: TrafficSettings) -> None:
        self._tables = Tables(settings.tables, window_s=settings.window_s)
        self.pairing = Pairing(settings.pairing)
        self.count, self.take = self._tables.add, self.pairing.add
        self.finish = self.pairing.finish

    def tables(self, start: float, end: float) -> Second:
        return self._tables.drain(start, end, live=False)

    def flows(self, now_ns: int) -> tuple[Records, Flows | None]:
        return self.pairing.drain(now_ns)


class _Measured:
    """Records are added up, and go to who measures as they come: a window of them takes no room."""

    def __init__(self, settings: TrafficSettings, measure: Callable[[Second], None]) -> None:
        volumes = Volumes(settings.tables)
        self._measure = measure
        self.count, self.tables = volumes.add, volumes.drain

    def take(self, records: Records, now_ns: int) -> None:
        self._measure(Second(now_ns / _NS, now_ns / _NS, live=False, ended=records))

    def flows(self, now_ns: int) -> tuple[Records, None]:
        del now_ns
        return _NO_RECORDS, None

    def finish(self) -> Records:
        return _NO_RECORDS


class _Unseen:
    """Nobody looks: records are kept by who keeps them, and that is all."""

    def count(self, records: Records) -> None:
        """Count nothing."""

    def take(self, records: Records, now_ns: int) -> None:
        """Take nothing."""

    def tables(self, start: float, end: float) -> Second:
        return Second(start, end, live=False)

    def flows(self, now_ns: int) -> tuple[Records, None]:
        del now_ns
        return _NO_RECORDS, None

    def finish(self) -> Records:
        return _NO_RECORDS


class Exported:
    """The tables and the flows of exporters' records, as a pipeline takes them; which way is chosen for each window."""

    def __init__(
        self,
        settings: TrafficSettings,
        is_judged: Callable[[], bool],
        who_measures: Callable[[], Callable[[Second], None] | None],
    ) -> None:
        """`is_judged` tells whether any detector is on; where none is, who measures gets records without tables, in
        Seconds of no length, and at the window's end the tables come by themselves. None measures: nothing is summed.
        """
        self._settings = settings
        self._is_judged = is_judged
        self._who_measures = who_measures
        self._judged: _Judged | None = None
        self._measured: _Measured | None = None
        self._way: _Way | None = None
        self._ended = _NO_RECORDS  # of the window that was closed last

    @property
    def parts(self) -> Parts:
        """Return this as the parts of a pipeline."""
        return Parts(_Tables(self), _Flows(self))

    @property
    def counts(self) -> Mapping[str, int]:
        """Return what became of records that were to be joined; nothing where none ever was."""
        return {} if self._judged is None else self._judged.pairing.counts

    @property
    def way(self) -> _Way:
        """Return how the open window is counted."""
        if self._way is None:
            self._way = self._choose()
        return self._way

    @property
    def is_unseen(self) -> bool:
        """Tell whether nobody looks at the records of the open window."""
        return isinstance(self.way, _Unseen)

    def window(self, start: float, end: float) -> Second:
        """Return what the window came to, without the first of what is over, which `ended` gives.

        With this the window ends, and how the next one is counted is asked anew.
        """
        was = self.way
        second, (self._ended, more) = was.tables(start, end), was.flows(round(end * _NS))
        self._way = self._choose()
        if self._way is not was:
            self._ended = np.concatenate([self._ended, was.finish()])
        return replace(second, more=more, follows=more is not None)

    def ended(self) -> Records:
        """Return what was over in the window that was closed last."""
        ended, self._ended = self._ended, _NO_RECORDS
        return ended

    def _choose(self) -> _Way:
        if self._is_judged():
            self._judged = self._judged or _Judged(self._settings)
            return self._judged
        measure = self._who_measures()
        if measure is None:
            return _Unseen()
        self._measured = self._measured or _Measured(self._settings, measure)
        return self._measured


class _Tables:
    def __init__(self, exported: Exported) -> None:
        self._exported = exported

    def add(self, records: Records) -> None:
        """Count these records to the open window."""
        self._exported.way.count(records)

    def drain(self, start: float, end: float, *, live: bool) -> Second:
        """Return what the window came to, and begin the next."""
        del live  # exporters tell of what is over
        return self._exported.window(start, end)


class _Flows:
    def __init__(self, exported: Exported) -> None:
        self._exported = exported

    def add(self, traffic: Traffic, now_ns: int) -> None:
        """Take records, all of which are over."""
        self._exported.way.take(traffic.records, now_ns)

    def drain(self, now_ns: int) -> tuple[Records, Records]:
        """Return nothing that began, and what is over."""
        del now_ns  # the window's end, which the tables were drained with
        return _NO_RECORDS, self._exported.ended()

    def finish(self) -> Records:
        """Return what still waits."""
        return self._exported.way.finish()
