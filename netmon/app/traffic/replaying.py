"""A capture file through the whole of a sensor, at the speed of the disk or in its own time."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from collectors.traffic.capture.files import CaptureFile, open_capture
from exporters.flowstore.again import kept_before
from netmon.api import Finding
from netmon.api.networks import Networks
from netmon.api.traffic import Second, Traffic
from netmon.app.settings import load_directory
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import Built, build_sensor, networks_of, tunnel_mask
from netmon.app.traffic.indicatorfiles import IndicatorFiles
from netmon.app.traffic.keeper import Keeper
from netmon.app.traffic.outcomes import Outcomes, last_words
from netmon.app.traffic.tallies import Tallies
from netmon.app.traffic.windows import LONGEST_GAP

_NS: Final = 1e9
_DROPPED: Final = frozenset({"begun_untold", "ended_evicted", "unwritten"})
_ANY_TIME: Final = {"late_hours": 876_000, "ahead_s": 3.2e9}
"""A century either way: no clock tells a capture's times wrong, and between two packets may lie as much as there is."""


@dataclass(slots=True)
class Seen:
    """What a file held."""

    packets: int = 0
    bytes: int = 0
    flows: int = 0
    span_s: float = 0.0
    took_s: float = 0.0
    odd: dict[str, int] = field(default_factory=dict)  # packets that were not decoded whole, by verdict
    left: dict[str, int] = field(default_factory=dict)  # what was not read or not kept, by reason
    findings: dict[str, int] = field(default_factory=dict)  # by rule


class Replay:
    """One file and the parts of a sensor. Runs once."""

    def __init__(
        self, capture: CaptureFile, built: Built, keeper: Keeper | None = None, store: Path | None = None
    ) -> None:
        self._capture = capture
        self._built = built
        self._keeper = keeper
        self._unasked = store  # whether it has this capture already; None: it was asked
        self.again: Callable[[], None] = lambda: None
        """Called once, with the first flow that is kept, where the store has this capture already."""
        self._outcomes = Outcomes()
        self._told: list[tuple[Finding, bool]] = []
        self._tallies = Tallies()
        self.seen = Seen()
        built.hooks.watch = self._watch
        built.hooks.send = self._take
        built.pipeline.is_at_rest = self._is_at_rest

    @property
    def progress(self) -> tuple[int, int] | None:
        """Return how many octets of the file were read, and how many it has; None for a stream."""
        return self._capture.progress

    def run(
        self,
        *,
        real_time: bool = False,
        sleep: Callable[[float], object] = time.sleep,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[Finding, bool]]:
        """Yield (finding, whether it begins); what is open at the file's end, or when stopped, is closed by silence."""
        began = time.perf_counter()
        pace = _Pace(sleep) if real_time else None
        for traffic in self._capture.batches():
            if pace is not None:
                pace.wait(traffic)
            if stopped():
                break
            self._tallies.take(traffic)
            self._built.pipeline.take(traffic)
            yield from self._say()
        self._built.pipeline.finish(quiet_windows=LONGEST_GAP)
        yield from self._say()
        end = self._built.pipeline.windows.start_ns / _NS
        for finding in self._outcomes.rest(list(last_words(self._built.judges.rules, end))):
            yield finding, False
        if self._keeper is not None:
            self._keeper.close()
        self._sum_up(time.perf_counter() - began)

    def _is_at_rest(self) -> bool:
        return not self._outcomes.open and not self._built.counts["flows"]()["open"]

    def _watch(self, second: Second) -> None:
        self.seen.flows += len(second.ended)
        if self._keeper is not None:  # by the capture's own time, however long ago it was
            self._keeper.open(second.end)
            if self._unasked is not None and len(second.ended):
                if kept_before(self._unasked, second.ended[0]):
                    self.again()
                self._unasked = None
            self._keeper.put(second.ended)
            self._keeper.tick(second.end)

    def _take(self, findings: Sequence[Finding]) -> None:
        self._told += [(finding, begins) for begins, finding in self._outcomes.take(findings)]

    def _say(self) -> Iterator[tuple[Finding, bool]]:
        yield from self._told
        self._told.clear()

    def _sum_up(self, took_s: float) -> None:
        tallies, seen = self._tallies, self.seen
        seen.packets, seen.bytes = tallies.packets, tallies.bytes
        seen.span_s, seen.took_s = tallies.span_s, took_s
        seen.odd = tallies.odd()
        seen.left = {**self._capture.counts.dropped, **self._dropped()}
        seen.findings = self._outcomes.by_rule

    def _dropped(self) -> dict[str, int]:
        told = {name: count for counts in self._built.counts.values() for name, count in counts().items()}
        kept = {} if self._keeper is None else self._keeper.counts
        lost = {f"{name.removeprefix('dropped_')}_not_kept": kept[name] for name in kept if name.startswith("dropped_")}
        return {name: count for name, count in told.items() if count and name in _DROPPED} | {
            name: count for name, count in lost.items() if count
        }


class _Pace:
    """Holds batches back until their time has come."""

    def __init__(self, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._offset_s: float | None = None

    def wait(self, traffic: Traffic) -> None:
        at_s = int(traffic.records["end_ns"][-1]) / _NS
        if self._offset_s is None:
            self._offset_s = time.monotonic() - int(traffic.records["start_ns"][0]) / _NS
        self._sleep(max(0.0, at_s + self._offset_s - time.monotonic()))


def open_replay(file: Path, directory: Path | None, store: Path | None) -> Replay:
    """Open a capture (`-`: standard input); ConfigError where it or the configuration cannot be used."""
    settings, networks = TrafficSettings(), Networks()
    if directory is not None:
        given = load_directory(directory)
        settings, networks = given.netmon.traffic, networks_of(given.inventory)
    indicators = IndicatorFiles(settings.detectors.indicators, directory or Path())
    indicators.look()
    keeping = settings.store.model_copy(update=_ANY_TIME)
    keeper = None if store is None else Keeper(keeping, store, networks, CollectorRegistry())
    capture = open_capture(file, tunnels=tunnel_mask(settings))
    built = build_sensor(settings, networks)
    indicators.hand_to(built.judges.rules)
    return Replay(capture, built, keeper, store)
