"""MAC flapping: one MAC address goes back and forth between interfaces, or between VLANs with the same address.

A loop, a miswired bond or a machine that speaks in another's name does that. A station that moves (wireless roaming, a
virtual machine moved) goes and stays. One that is seen at several places in the same window is seen twice, not moving.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.gateways import Gateways
from rules.traffic.local.settings import MacFlappingSettings
from rules.traffic.local.telling import is_virtual

_Evidence: TypeAlias = Mapping[str, str | Value]
_STATIONS_MAX: Final = 16_384  # twice what one window lists
_Place: TypeAlias = tuple[int, int]  # interface and VLAN


@dataclass(slots=True)
class _Station:
    place: _Place
    before: _Place | None = None
    address: tuple[int, int] = (0, 0)
    moves: deque[float] = field(default_factory=deque)


class MacFlapping(Closing):
    """A MAC address that is now here, now there."""

    name = "mac_flapping"

    def __init__(self, settings: MacFlappingSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._gateways = Gateways()
        self._stations: OrderedDict[int, _Station] = OrderedDict()
        self._episodes = Episodes(self.name, "", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge where the stations of one window were."""
        self._gateways.observe(second)
        for number, places in _places(second).items():
            if len(places) != 1 or is_virtual(number):
                continue
            place, address = places.popitem()
            station = self._stations.get(number)
            if station is None:
                self._stations[number] = _Station(place, address=address)
            elif self._moved(number, station, place, address, second.end):
                yield from self._episodes.see(self._seen(number, station), second.end)
            self._stations.move_to_end(number)
        while len(self._stations) > _STATIONS_MAX:
            self._stations.popitem(last=False)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: where a station is shows at once."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _moved(self, number: int, station: _Station, place: _Place, address: tuple[int, int], at: float) -> bool:
        """Note where a station is now; tell whether it went to and fro too often."""
        old, station.address = station.address, address if any(address) else station.address
        if place == station.place:
            return False
        # A router speaks on many VLANs with one MAC address, each packet with its sender's address.
        if place[0] == station.place[0] and (old != address or not any(address) or self._gateways.forwards(number)):
            station.place = place
            station.moves.clear()
            return False
        if station.before is not None and place != station.before:
            station.moves.clear()  # it went on, not back
        station.before, station.place = station.place, place
        station.moves.append(at)
        while at - station.moves[0] > self._settings.window_s or len(station.moves) > self._settings.moves:
            station.moves.popleft()
        return len(station.moves) >= self._settings.moves

    def _seen(self, number: int, station: _Station) -> Seen:
        here, there = station.place, station.before or station.place
        known = any(station.address)
        return Seen(
            key=mac_text(number),
            target=self._networks.name_of(*station.address) if known else mac_text(number),
            severity=Severity.WARNING,
            source=mac_text(number),
            victim=f"interfaces {here[0]} and {there[0]}" if here[0] != there[0] else f"VLANs {here[1]} and {there[1]}",
            text=_TEXT,
            counts={"moves": 1},
            evidence={"interface": here[0], "other_interface": there[0], "vlan": here[1], "other_vlan": there[1]},
        )


def _places(second: Second) -> dict[int, dict[_Place, tuple[int, int]]]:
    """Return where each MAC address was seen in a window, with the address it spoke for."""
    found: dict[int, dict[_Place, tuple[int, int]]] = {}
    rows = second.macs
    names = ("mac", "port", "vlan", "hi", "lo")
    for number, port, vlan, hi, lo in zip(*(rows[name].tolist() for name in names), strict=True):
        found.setdefault(number, {})[port, vlan] = (hi, lo)
    return found


def _english(evidence: _Evidence) -> str:
    return f"{evidence['source']} goes back and forth between {evidence['target']}: a loop, or two with one MAC address"


def _indonesian(evidence: _Evidence) -> str:
    if evidence["interface"] != evidence["other_interface"]:
        between = f"antarmuka {evidence['interface']} dan {evidence['other_interface']}"
    else:
        between = f"VLAN {evidence['vlan']} dan {evidence['other_vlan']}"
    return f"{evidence['source']} berpindah-pindah antara {between}: ada loop, atau dua mesin dengan satu alamat MAC"


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
