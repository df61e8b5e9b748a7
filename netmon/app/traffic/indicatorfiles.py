"""The files of indicator lists: read at the start and again when they change, each new one built beside the old."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from netmon.api.traffic import TrafficRule
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.rule import ListedPeers
from rules.traffic.indicators.settings import IndicatorList, IndicatorSettings

log = structlog.get_logger(__name__)

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Held:
    settings: IndicatorList
    stamp: Stamp | None = None  # of the file that was read last, also where it could not be used
    indicators: Indicators | None = None  # the last that could be read
    problem: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one list, for metrics."""

    entries: int
    bad: int  # lines that are no entry
    beyond: int  # entries that there was no room for
    usable: bool  # whether its file could be read when it was last looked at


@dataclass(slots=True)
class IndicatorFiles:
    """Lists by name. `look` may be called from any thread; who judges gets whole lists only."""

    settings: IndicatorSettings
    directory: Path = field(default_factory=Path)  # what relative paths are relative to
    _held: dict[str, _Held] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lists(self) -> tuple[Indicators, ...]:
        """Return the lists that could be read, in the order of the settings."""
        held = [self._held.get(one.name) for one in self.settings.lists]
        return tuple(each.indicators for each in held if each is not None and each.indicators is not None)

    @property
    def states(self) -> Mapping[str, State]:
        """Return what is known of each list, by name."""
        return {name: _state(each) for name, each in list(self._held.items())}

    def configure(self, settings: IndicatorSettings) -> None:
        """Take other settings; `look` reads what is new."""
        with self._lock:
            self.settings = settings
            names = {one.name for one in settings.lists}
            self._held = {name: each for name, each in self._held.items() if name in names}

    def look(self, *, gently: bool = False) -> bool:
        """Read every file that is new or changed; tell whether there are other lists now.

        `gently`: while others see traffic. Who waits for the interpreter then waits a millisecond and not five.
        """
        with self._lock:
            changed = [self._look_at(one, _rest if gently else None) for one in self.settings.lists]
        return any(changed)

    def hand_to(self, rules: Iterable[TrafficRule]) -> None:
        """Give the lists to those rules that judge by them."""
        lists = self.lists
        for rule in rules:
            if isinstance(rule, ListedPeers):
                rule.adopt(lists)

    def _look_at(self, settings: IndicatorList, rest: Callable[[], None] | None) -> bool:
        held = self._held.get(settings.name)
        if held is None or held.settings != settings:
            held = self._held[settings.name] = _Held(settings)
        path = self.directory / settings.file
        try:
            about = path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp == held.stamp:
                return False
            if about.st_size > self.settings.max_file_bytes:
                held.stamp = stamp
                return self._unusable(held, f"it has {about.st_size} bytes, more than max_file_bytes")
            with path.open("rb") as file:
                about = os.fstat(file.fileno())
                raw = file.read(self.settings.max_file_bytes + 1)
        except OSError as error:
            held.stamp = None
            return self._unusable(held, error.strerror or str(error))
        if len(raw) != about.st_size:
            return self._unusable(held, "it changed while it was read")  # looked at again next time
        held.indicators = Indicators(settings, raw, self.settings.max_entries, rest)
        held.stamp, held.problem = (about.st_mtime_ns, about.st_size, about.st_ino), ""
        self._tell(held.indicators, path)
        return True

    def _unusable(self, held: _Held, problem: str) -> bool:
        """Note that a file cannot be used, and say so once; what was read before stays."""
        if problem != held.problem:
            held.problem = problem
            log.error(
                "a list of indicators cannot be read",
                list=held.settings.name,
                file=held.settings.file,
                problem=problem,
                entries_kept=0 if held.indicators is None else held.indicators.count,
            )
        return False

    def _tell(self, indicators: Indicators, path: Path) -> None:
        name, count = indicators.settings.name, indicators.count
        log.info("a list of indicators was read", list=name, file=str(path), entries=count, bad_lines=indicators.bad)
        if indicators.bad or indicators.beyond:
            log.warning(
                "a list of indicators has lines that were not taken",
                list=name,
                bad=indicators.bad,
                first_bad_lines=list(indicators.bad_lines),
                beyond_max_entries=indicators.beyond,
            )


class IndicatorMetrics:
    """What is known of each list: a collector of prometheus_client."""

    def __init__(self, files: IndicatorFiles) -> None:
        self._files = files

    def describe(self) -> list[Metric]:
        """Say nothing at registration: what is shown depends on what there is."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return entries, lines that are none, entries beyond the cap, and whether the file can be read."""
        entries = GaugeMetricFamily(
            "netmon_traffic_indicator_entries", "Entries of a list of indicators", labels=["list"]
        )
        untaken = GaugeMetricFamily(
            "netmon_traffic_indicator_untaken_lines",
            "Lines of a list of indicators that were not taken, by reason",
            labels=["list", "reason"],
        )
        usable = GaugeMetricFamily(
            "netmon_traffic_indicator_usable",
            "Whether a list's file could be read when it was last looked at",
            labels=["list"],
        )
        for name, state in self._files.states.items():
            entries.add_metric([name], state.entries)
            untaken.add_metric([name, "bad"], state.bad)
            untaken.add_metric([name, "cap"], state.beyond)
            usable.add_metric([name], float(state.usable))
        yield from (entries, untaken, usable)


def _rest() -> None:
    time.sleep(0.0002)


def _state(held: _Held) -> State:
    one = held.indicators
    if one is None:
        return State(0, 0, 0, usable=False)
    return State(one.count, one.bad, one.beyond, usable=not held.problem)
