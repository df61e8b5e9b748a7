"""What of the traffic section can be looked at before anything is started: filters, and files that are named.

Imports neither numpy nor numba: every `netmon check` and every daemon comes by here.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from collectors.traffic.capture.filter import compile_filter
from netmon.api import ConfigError, Fault
from netmon.app.settings import Settings
from netmon.app.settings.document import Document, Way
from netmon.app.settings.load import MAIN_FILE
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.settings.yamlfile import read_yaml
from netmon.app.text import t
from netmon.app.traffic.checking_actions import Told, faults_of_actions, remarks_on_actions

_ETHERNET: Final = 1


def faults_of(settings: TrafficSettings, directory: Path) -> list[Fault]:
    """Return what is wrong, at its place in netmon.yaml; relative paths are relative to `directory`."""
    fault = partial(_fault, _Places(directory / MAIN_FILE))
    return [
        *_filters(settings, fault),
        *_lists(settings, directory, fault),
        *_twice(settings, fault),
        *_unknown_ports(settings, fault),
        *faults_of_actions(settings.actions, fault),
    ]


def remarks_on(settings: Settings) -> list[Fault]:
    """Return what may be wrong, for a person to look at."""
    fault = partial(_fault, _Places(settings.directory / MAIN_FILE))
    return [*_whole(settings.netmon.traffic, fault), *remarks_on_actions(settings, fault)]


class _Places:
    """Where settings stand in their file, which is read again only where there is a fault to tell."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._document: Document | None = None

    def of(self, way: Way) -> tuple[int, int]:
        """Return line and column; 0 where the file cannot be read."""
        if self._document is None:
            try:
                self._document = read_yaml(self.file)
            except ConfigError:
                return 0, 0
        return self._document.place(("traffic", *way))


def _fault(places: _Places, way: Way, problem: str, remedy: str) -> Fault:
    return Fault(str(places.file), *places.of(way), problem, remedy)


def _filters(settings: TrafficSettings, fault: Told) -> Iterator[Fault]:
    for number, sensor in enumerate(settings.sensors):
        try:
            compile_filter(sensor.filter, _ETHERNET, sensor.snaplen_bytes)
        except ConfigError as error:
            way = ("sensors", number, "filter")
            for one in error.faults:
                yield fault(way, f"traffic.sensors.{number}.filter: {one.problem}", one.remedy)


def _whole(settings: TrafficSettings, fault: Told) -> Iterator[Fault]:
    """Give the sensors whose bulk is to be captured beyond what is captured of any frame."""
    for number, sensor in enumerate(settings.sensors):
        if "bulk_bytes" in sensor.model_fields_set and sensor.bulk_bytes > sensor.snaplen_bytes:
            problem = t("traffic.bulk_is_whole", bulk=sensor.bulk_bytes, snaplen=sensor.snaplen_bytes)
            yield fault(("sensors", number, "bulk_bytes"), problem, t("traffic.bulk_is_whole.remedy"))


def _lists(settings: TrafficSettings, directory: Path, fault: Told) -> Iterator[Fault]:
    detectors = settings.detectors
    named: list[tuple[str, Way, str]] = [
        (f"indicators.lists: {one.name}", ("indicators", "lists", number, "file"), one.file)
        for number, one in enumerate(detectors.indicators.lists)
    ]
    for name, path in detectors.first_seen.lists.items():
        named.append((f"first_seen.lists: {name}", ("first_seen", "lists", name), path))
    for what, way, path in named:
        if not (directory / path).is_file():
            problem = t("traffic.no_list", what=f"traffic.detectors.{what}", path=directory / path)
            yield fault(("detectors", *way), problem, t("traffic.no_list.remedy"))


def _twice(settings: TrafficSettings, fault: Told) -> Iterator[Fault]:
    for number, address in _again(() if settings.flows is None else settings.flows.listen):
        problem = t("traffic.listens_twice", address=address)
        yield fault(("flows", "listen", number), problem, t("traffic.listens_twice.remedy"))
    for number, name in _again([sensor.name or sensor.interface for sensor in settings.sensors]):
        yield fault(("sensors", number), t("traffic.sensor_twice", name=name), t("traffic.sensor_twice.remedy"))


def _unknown_ports(settings: TrafficSettings, fault: Told) -> Iterator[Fault]:
    for number, end in enumerate(() if settings.flows is None else settings.flows.endpoints):
        if end.port == 0:
            problem = t("traffic.no_port", address=end)
            yield fault(("flows", "listen", number), problem, t("traffic.no_port.remedy"))


def _again(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give each name that is there more than once, where it is there for the second time."""
    for number, name in enumerate(names):
        if names[:number].count(name) == 1:
            yield number, name
