"""What of the traffic section can be looked at before anything is started: filters, and files that are named.

Imports neither numpy nor numba: every `netmon check` and every daemon comes by here.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collectors.traffic.capture.filter import compile_filter
from netmon.api import ConfigError, Fault
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.text import t

_ETHERNET: Final = 1


def faults_of(settings: TrafficSettings, directory: Path) -> list[Fault]:
    """Return what is wrong with filters, lists and addresses; relative paths are relative to `directory`."""
    file = str(directory / "netmon.yaml")
    return [*_filters(settings, file), *_lists(settings, directory, file), *_twice(settings, file)]


def _filters(settings: TrafficSettings, file: str) -> Iterator[Fault]:
    for number, sensor in enumerate(settings.sensors):
        try:
            compile_filter(sensor.filter, _ETHERNET, sensor.snaplen_bytes)
        except ConfigError as error:
            for fault in error.faults:
                yield Fault(file, 0, 0, f"traffic.sensors.{number}.filter: {fault.problem}", fault.remedy)


def _lists(settings: TrafficSettings, directory: Path, file: str) -> Iterator[Fault]:
    detectors = settings.detectors
    named = [(f"indicators.lists: {one.name}", one.file) for one in detectors.indicators.lists]
    named += [(f"first_seen.lists: {name}", path) for name, path in detectors.first_seen.lists.items()]
    for what, path in named:
        if not (directory / path).is_file():
            problem = t("traffic.no_list", what=f"traffic.detectors.{what}", path=directory / path)
            yield Fault(file, 0, 0, problem, t("traffic.no_list.remedy"))


def _twice(settings: TrafficSettings, file: str) -> Iterator[Fault]:
    listen = () if settings.flows is None else settings.flows.listen
    for address, count in Counter(listen).items():
        if count > 1:
            yield Fault(file, 0, 0, t("traffic.listens_twice", address=address), t("traffic.listens_twice.remedy"))
    names = [sensor.name or sensor.interface for sensor in settings.sensors]
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(file, 0, 0, t("traffic.sensor_twice", name=name), t("traffic.sensor_twice.remedy"))
