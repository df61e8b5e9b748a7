"""How many connections each source has open with each web service of ours, and each service in all.

What a sensor's flows tell: those that were begun and completed, less those that ended. Connections that were open
before the sensor looked are not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import EndReason, FlowState, Second
from rules.traffic.floods.settings import HeldConnectionsSettings

Service: TypeAlias = tuple[int, int, int]  # the server's halves, port
Pair: TypeAlias = tuple[int, int, int, int, int]  # the source's halves, then the service

_Key = TypeVar("_Key", Service, Pair)
_FIELDS: Final = ("source_hi", "source_lo", "destination_hi", "destination_lo", "destination_port")


@dataclass(slots=True)
class Held:
    """Connections that are open."""

    open: int
    at: float  # when one was begun last
    since: float
    new: int = 0  # of those that are open, begun in the window at `at`, at most
    unserved: int = 0  # windows in a row in which those who hold many got nothing; of a service


class OpenConnections:
    """Follows the connections with web services."""

    def __init__(self, settings: HeldConnectionsSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self.pairs: dict[Pair, Held] = {}
        self.services: dict[Service, Held] = {}
        self.dropped = 0  # sources and services that there was no room for

    def observe(self, second: Second) -> None:
        """Take one window of a sensor."""
        groups = self._groups(second.begun)
        self._begin_services(groups, second)
        for pair, count in groups:
            service = self.services.get(pair[2:])
            crowded = service is not None and service.open >= self._settings.together // 2
            held = self._followed(self.pairs, pair, second, begins=crowded or count >= self._settings.begun)
            if held is not None:
                held.new = min(count, _completed(second.sources, pair[:2]))
                held.open += held.new
                held.at = second.end
        # After those that were begun: many end in the window that they began in.
        for pair, count in self._groups(_over(second.ended)):
            for each in (self.pairs.get(pair), self.services.get(pair[2:])):
                if each is not None:
                    each.open = max(0, each.open - count)
        _forget(self.pairs, second.end - self._settings.forget_s)
        _forget(self.services, second.end - self._settings.forget_s)

    def by_service(self) -> Iterator[tuple[Service, Held, list[tuple[Pair, Held]]]]:
        """Give each service with what it has open, and its sources that are followed, the greatest first."""
        sources: dict[Service, list[tuple[Pair, Held]]] = {service: [] for service in self.services}
        for pair, held in self.pairs.items():
            if pair[2:] in sources:
                sources[pair[2:]].append((pair, held))
        for service, mine in sources.items():
            yield service, self.services[service], sorted(mine, key=lambda each: -each[1].open)

    def _begin_services(self, groups: list[tuple[Pair, int]], second: Second) -> None:
        counts: dict[Service, int] = {}
        for pair, count in groups:
            counts[pair[2:]] = counts.get(pair[2:], 0) + count
        for service, count in counts.items():
            held = self._followed(self.services, service, second, begins=count >= self._settings.begun)
            if held is not None:
                held.open += min(count, _completed(second.destinations, service[:2]))
                held.at = second.end

    def _followed(self, table: dict[_Key, Held], key: _Key, second: Second, *, begins: bool) -> Held | None:
        held = table.get(key)
        if held is None and begins:
            if len(table) < self._settings.followed:
                held = table[key] = Held(0, second.end, second.start)
            else:
                self.dropped += 1
        return held

    def _groups(self, flows: NDArray[np.void]) -> list[tuple[Pair, int]]:
        """Return how many of these flows each source has with each web service of ours."""
        flows = flows[(flows["protocol"] == 6) & np.isin(flows["destination_port"], self._settings.ports)]
        if len(flows):
            flows = flows[self._networks.protected(flows["destination_hi"], flows["destination_lo"])]
        if not len(flows):
            return []
        columns = [flows[name].astype(np.uint64) for name in _FIELDS]
        keys, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
        return [
            ((int(key[0]), int(key[1]), int(key[2]), int(key[3]), int(key[4])), int(count))
            for key, count in zip(keys, counts, strict=True)
        ]


def counted(rows: NDArray[np.void], address: tuple[int, int], column: str) -> int:
    """Return a count of one address in a table (ENDPOINT), 0 where it is not in it."""
    mine = rows[(rows["lo"] == np.uint64(address[1])) & (rows["hi"] == np.uint64(address[0]))]
    return int(mine[column].sum())


def _completed(rows: NDArray[np.void], address: tuple[int, int]) -> int:
    """Return how many handshakes an address completed in this window: SYN alone holds nothing."""
    return counted(rows, address, "handshakes")


def _over(flows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the flows that are over, of those that were connections."""
    gone = flows["end_reason"] != EndReason.ACTIVE
    none: NDArray[np.void] = flows[gone & ~np.isin(flows["state"], (FlowState.ONE_WAY, FlowState.REFUSED))]
    return none


def _forget(table: dict[_Key, Held], before: float) -> None:
    for key in [key for key, held in table.items() if held.open == 0 or held.at <= before]:
        del table[key]
