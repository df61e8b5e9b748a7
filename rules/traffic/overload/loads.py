"""What each capacity carries in a window: rates by direction, and the records that make them up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Network
from netmon.api.traffic import Second, halves
from rules.traffic.overload.settings import Capacity

Records: TypeAlias = NDArray[np.void]
Flags: TypeAlias = NDArray[np.bool_]
NamesInterface: TypeAlias = Callable[[int, int], tuple[str, str]]
"""From an exporter's row and an ifIndex to the exporter's name and its interface's, the latter empty where untold."""

UNITS: Final = ("bits", "packets", "connections")
_BITS: Final = 8
_ENOUGH: Final = 65_536  # flow records of a link that are looked at, where a window has more: those of its first parts
_PROTOCOLS: Final = {"tcp": 6, "udp": 17}


@dataclass(frozen=True, slots=True)
class Load:
    """One capacity in one direction in one window."""

    capacity: Capacity
    direction: str  # in: towards it; out: from it
    rates: dict[str, float]  # each second, by unit
    records: Records  # a sample of what goes there, or the flow records
    answered: float | None  # packets in the other direction for each of this one; None: not known

    @property
    def shares(self) -> dict[str, float]:
        """Return how much of each capacity that is set is used, by unit."""
        limits = {unit: getattr(self.capacity, f"{unit}_per_second") for unit in UNITS}
        return {unit: self.rates[unit] / limit for unit, limit in limits.items() if limit and unit in self.rates}


class _Prefix:
    """One prefix, held against many addresses."""

    def __init__(self, prefix: Network) -> None:
        length = prefix.prefixlen + (96 if prefix.version == 4 else 0)
        hi, lo = halves(prefix.network_address)
        mask = (1 << 128) - (1 << (128 - length))
        self._hi, self._lo = np.uint64(hi), np.uint64(lo)
        self._hi_mask, self._lo_mask = np.uint64(mask >> 64), np.uint64(mask & 0xFFFF_FFFF_FFFF_FFFF)

    def holds(self, hi: NDArray[np.uint64], lo: NDArray[np.uint64]) -> Flags:
        flags: Flags = (hi & self._hi_mask == self._hi) & (lo & self._lo_mask == self._lo)
        return flags


class Loads:
    """Measures capacities. Pure but for the names of interfaces, which exporters tell in time."""

    def __init__(self, capacities: Sequence[Capacity], names: NamesInterface) -> None:
        self._capacities = tuple(capacities)
        self._names = names
        self._prefixes = {one.name: _Prefix(one.prefix) for one in capacities if one.prefix is not None}
        self._heard: set[str] = set()  # links that an exporter told of: others are not known, which is not 0

    def of(self, second: Second) -> Iterator[Load]:
        """Yield what each capacity carried in a window that has a length."""
        ways = self._ways(second) if any(one.link for one in self._capacities) else {}
        for capacity in self._capacities:
            if capacity.prefix is not None:
                yield from self._of_prefix(capacity, second)
            elif capacity.service is not None:
                yield self._of_service(capacity, second)
            elif capacity.link is not None:
                yield from self._of_link(capacity, second, ways)

    def _of_prefix(self, capacity: Capacity, second: Second) -> Iterator[Load]:
        held = self._prefixes[capacity.name]
        tables = {"in": second.destinations, "out": second.sources}
        chosen = {way: rows[held.holds(rows["hi"], rows["lo"])] for way, rows in tables.items()}
        packets = {way: float(rows["packets"].sum(dtype=np.float64)) for way, rows in chosen.items()}
        for way, side, other in (("in", "destination", "out"), ("out", "source", "in")):
            rates = {
                "bits": float(chosen[way]["bytes"].sum(dtype=np.float64)) * _BITS / second.length_s,
                "packets": packets[way] / second.length_s,
                "connections": float(sum(np.count_nonzero(_held(each, side, held)) for each in _flows(second)))
                / second.length_s,
            }
            answered = packets[other] / packets[way] if packets[way] else None
            yield Load(capacity, way, rates, second.sample[_held(second.sample, side, held)], answered)

    def _of_service(self, capacity: Capacity, second: Second) -> Load:
        """Measure a service: its address's traffic by the share that the sample shows for the port."""
        service = capacity.service
        assert service is not None  # noqa: S101 - who calls has looked
        hi, lo = (np.uint64(half) for half in halves(service.address))
        protocol = _PROTOCOLS[service.protocol]

        def at(records: Records, side: str, *, port: bool) -> Flags:
            flags: Flags = (records[f"{side}_hi"] == hi) & (records[f"{side}_lo"] == lo)
            return (
                flags & (records[f"{side}_port"] == service.port) & (records["protocol"] == protocol) if port else flags
            )

        table = second.destinations
        rows = table[(table["hi"] == hi) & (table["lo"] == lo)]
        whole, part = at(second.sample, "destination", port=False), at(second.sample, "destination", port=True)
        count = sum(np.count_nonzero(at(each, "destination", port=True)) for each in _flows(second))
        rates = {"connections": float(count) / second.length_s}
        for unit, name, factor in (("bits", "bytes", _BITS), ("packets", "packets", 1)):
            seen = float(second.sample[name][whole].sum(dtype=np.float64)) or 1.0
            share = float(second.sample[name][part].sum(dtype=np.float64)) / seen
            rates[unit] = share * float(rows[name].sum(dtype=np.float64)) * factor / second.length_s
        sent = float(second.sample["packets"][at(second.sample, "source", port=True)].sum(dtype=np.float64))
        got = float(second.sample["packets"][part].sum(dtype=np.float64))
        return Load(capacity, "in", rates, second.sample[part], sent / got if got else None)

    def _of_link(self, capacity: Capacity, second: Second, ways: dict[tuple[str, str], list[int]]) -> Iterator[Load]:
        link = capacity.link
        assert link is not None  # noqa: S101 - who calls has looked
        keys = ways.get((link.device, link.port), [])
        if keys:
            self._heard.add(capacity.name)
        elif capacity.name not in self._heard:
            return
        both = any(bool((flows["direction"] == 1).any()) for flows in _over(second))
        for way, interface, back in (
            ("in", "in_interface", "out_interface"),
            ("out", "out_interface", "in_interface"),
        ):
            octets = packets = connections = forth = reply = 0.0
            records = second.ended[:0]
            for flows in _over(second):
                there, here = _at(flows, interface, keys), _at(flows, back, keys)
                if both:  # reported at both places: input by records of input, output by those of output
                    fits = (flows["direction"] == 1) == (way == "out")
                    there, here = there & fits, here & fits
                octets += _sum(flows["bytes"][there]) + _sum(flows["reply_bytes"][here])
                packets += _sum(flows["packets"][there]) + _sum(flows["reply_packets"][here])
                connections += float(np.count_nonzero(there))
                forth += _sum(flows["packets"][there])
                reply += _sum(flows["reply_packets"][there])
                if len(records) < _ENOUGH:
                    records = np.concatenate([records, flows[there]])
            rates = {
                "bits": octets * _BITS / second.length_s,
                "packets": packets / second.length_s,
                "connections": connections / second.length_s,
            }
            yield Load(capacity, way, rates, records, reply / forth if forth else None)

    def _ways(self, second: Second) -> dict[tuple[str, str], list[int]]:
        """Return the interfaces that this window's flows name, by the names of device and port."""
        pairs: set[int] = set()
        for flows in _over(second):
            for interface in ("in_interface", "out_interface"):
                pairs.update(np.unique(_places(flows, interface)).tolist())
        ways: dict[tuple[str, str], list[int]] = {}
        for pair in pairs:
            exporter, index = pair >> 32, pair & 0xFFFF_FFFF
            if exporter and index:
                device, port = self._names(exporter, index)
                for called in {str(index), port} - {""}:
                    ways.setdefault((device, called), []).append(pair)
        return ways


def _flows(second: Second) -> Iterator[Records]:
    """Give what connections are counted by, in parts."""
    yield from (second.begun,) if second.live else _over(second)


def _over(second: Second) -> Iterator[Records]:
    """Give the flows that ended, in parts."""
    yield second.ended
    yield from () if second.more is None else second.more


def _places(flows: Records, interface: str) -> NDArray[np.uint64]:
    places: NDArray[np.uint64] = flows["exporter"].astype(np.uint64) << np.uint64(32) | flows[interface]
    return places


def _at(flows: Records, interface: str, keys: list[int]) -> Flags:
    return np.isin(_places(flows, interface), keys)


def _held(records: Records, side: str, held: _Prefix) -> Flags:
    return held.holds(records[f"{side}_hi"], records[f"{side}_lo"])


def _sum(values: NDArray[np.uint64]) -> float:
    return float(values.sum(dtype=np.float64))
