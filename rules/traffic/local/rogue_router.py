"""Rogue IPv6 router advertisements (RFC 6104): an unknown router, a known one switched off, a flood of them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, halves, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.settings import RogueRouterSettings
from rules.traffic.local.since import began_of
from rules.traffic.local.telling import dari_siapa, di_vlan, is_virtual, network, on_vlan

Address: TypeAlias = tuple[int, int]
_Evidence: TypeAlias = Mapping[str, str | Value]
_ROUTERS_MAX: Final = 4_096  # two for each of 2,048 VLANs
_PREFIXES_MAX: Final = 64  # of one router: more than a router advertises
_NONE: Final = (0, 0)
_MEMORY: Final = np.dtype([("vlan", "u2"), ("hi", "u8"), ("lo", "u8"), ("mac", "u8"),
                           ("prefix_hi", "u8"), ("prefix_lo", "u8")])  # fmt: skip


@dataclass(slots=True)
class _Router:
    mac: int
    prefixes: set[Address] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Advertisement:
    at: float
    vlan: int
    frame_mac: int
    router: Address
    prefix: Address
    prefix_length: int
    lifetime_s: int


class RogueRouter(Closing):
    """T1557: a machine that is no router advertises itself as one, or speaks in a router's name."""

    name = "rogue_router"

    def __init__(self, settings: RogueRouterSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._allowed = frozenset(halves(address) for address in settings.routers)
        self._routers: OrderedDict[tuple[int, Address], _Router] = OrderedDict()
        self._began: float | None = None  # to learn who agrees with who is known; over after a restart
        self._since: float | None = None  # to look, over restarts: to learn the first of a VLAN
        self._episodes = Episodes(self.name, "T1557", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the advertisements of one window."""
        if self._began is None:
            self._began = second.start
        if self._since is None:
            self._since = second.start
        rows = second.routers
        flooded = set()
        for vlan, count in zip(*np.unique(rows["vlan"], return_counts=True), strict=True):
            if count > max(self._settings.flood_per_s * second.length_s, 1):
                flooded.add(int(vlan))
                yield from self._episodes.see(self._flood(rows[rows["vlan"] == vlan], int(vlan)), second.end)
        for heard in _advertisements(rows):
            if heard.vlan in flooded:
                continue  # one matter, and nothing is to be learned from it
            how = self._judge(heard)
            if how:
                yield from self._episodes.see(self._seen(heard, how), second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return the routers learned and their prefixes, and since when is learned."""
        kept: dict[str, NDArray[np.generic]] = {} if self._since is None else {"began": np.array([self._since])}
        rows = [
            (vlan, *address, router.mac, *prefix)
            for (vlan, address), router in self._routers.items()
            for prefix in (_NONE, *router.prefixes)
        ]
        return kept | ({"routers": np.array(rows, _MEMORY)} if rows else {})

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on with what `save` gave."""
        self._since = began_of(arrays)
        rows = arrays.get("routers")
        if rows is None:
            return
        if rows.dtype != _MEMORY:
            raise ValueError(f"routers of another layout: {rows.dtype}")
        for vlan, hi, lo, number, prefix_hi, prefix_lo in rows.tolist():
            router = self._routers.setdefault((vlan, (hi, lo)), _Router(number))
            if (prefix_hi, prefix_lo) != _NONE:
                router.prefixes.add((prefix_hi, prefix_lo))
        self._began = float("-inf")

    def _judge(self, heard: _Advertisement) -> str:
        """Return how an advertisement is wrong, empty where it is not."""
        key = (heard.vlan, heard.router)
        known = self._routers.get(key)
        if known is None and self._allowed:
            if heard.router not in self._allowed:
                return "unknown"
            known = self._learn(heard, _Router(heard.frame_mac))
        if known is not None:
            self._routers.move_to_end(key)
            return self._changed(heard, known)
        prefixes: set[Address] = set()
        others = 0
        for (vlan, _), router in self._routers.items():
            if vlan == heard.vlan:
                prefixes |= router.prefixes
                others += 1
        since, limit_s = (self._began, self._settings.learning_s) if others else (self._since, self._settings.first_s)
        learning = since is not None and heard.at - since <= limit_s
        if learning and (not prefixes or heard.prefix in (_NONE, *prefixes)):
            self._learn(heard, _Router(heard.frame_mac))
            return ""
        return "unknown"

    def _changed(self, heard: _Advertisement, known: _Router) -> str:
        same_machine = heard.frame_mac == known.mac or is_virtual(heard.frame_mac) or is_virtual(known.mac)
        if not same_machine and heard.lifetime_s == 0:
            return "silenced"
        if not same_machine and heard.prefix not in (_NONE, *known.prefixes):
            return "forged"
        self._learn(heard, known)
        if heard.lifetime_s:
            known.mac = heard.frame_mac
        return ""

    def _learn(self, heard: _Advertisement, router: _Router) -> _Router:
        if heard.prefix != _NONE and len(router.prefixes) < _PREFIXES_MAX:
            router.prefixes.add(heard.prefix)
        self._routers[heard.vlan, heard.router] = router
        while len(self._routers) > _ROUTERS_MAX:
            self._routers.popitem(last=False)
        return router

    def _seen(self, heard: _Advertisement, how: str) -> Seen:
        known = next((address for vlan, address in self._routers if vlan == heard.vlan), heard.router)
        prefix = f"{address_text(*heard.prefix)}/{heard.prefix_length}" if any(heard.prefix) else ""
        return Seen(
            key=f"{heard.vlan}/{address_text(*heard.router)}/{how}",
            target=self._networks.name_of(*known),
            severity=Severity.CRITICAL if heard.lifetime_s or how == "silenced" else Severity.ERROR,
            source=address_text(*heard.router),
            victim=network(heard.vlan),
            text=_TEXT,
            counts={"advertisements": 1},
            evidence={
                "how": how,
                "router_mac": mac_text(heard.frame_mac),
                "prefix": prefix,
                "lifetime_s": heard.lifetime_s,
                "vlan": heard.vlan,
            },
            labels={"vlan": str(heard.vlan)} if heard.vlan else {},
            since=heard.at,
        )

    def _flood(self, rows: NDArray[np.void], vlan: int) -> Seen:
        routers = len(np.unique(rows[["hi", "lo"]]))
        known = next((address for each, address in self._routers if each == vlan), None)
        return Seen(
            key=f"{vlan}/flood",
            target=network(vlan) if known is None else self._networks.name_of(*known),
            severity=Severity.CRITICAL,
            source=address_text(int(rows["hi"][0]), int(rows["lo"][0])) if routers == 1 else f"{routers:,} addresses",
            victim=network(vlan),
            text=_TEXT,
            counts={"advertisements": len(rows)},
            peaks={"advertisements_per_window": len(rows)},
            evidence={
                "how": "flood",
                "router_mac": mac_text(int(rows["frame_mac"][0])),
                "routers": routers,
                "prefixes": len(np.unique(rows[["prefix_hi", "prefix_lo"]])),
                "vlan": vlan,
            },
            labels={"vlan": str(vlan)} if vlan else {},
        )


def _advertisements(rows: NDArray[np.void]) -> Iterator[_Advertisement]:
    names = ("at_ns", "vlan", "frame_mac", "hi", "lo", "prefix_hi", "prefix_lo", "prefix_length", "lifetime_s")
    for at, vlan, frame, hi, lo, prefix_hi, prefix_lo, length, lifetime in zip(
        *(rows[name].tolist() for name in names), strict=True
    ):
        yield _Advertisement(at / 1e9, vlan, frame, (hi, lo), (prefix_hi, prefix_lo), length, lifetime)


def _english(evidence: _Evidence) -> str:
    router, where = evidence["source"], on_vlan(evidence["vlan"])
    who = f"{router} ({evidence['router_mac']})"
    return {
        "unknown": f"Unknown IPv6 router {who} advertises itself{where}",
        "forged": f"{evidence['router_mac']} advertises another prefix in the name of router {router}{where}",
        "silenced": f"{evidence['router_mac']} says in the name of router {router}{where} that it is none",
        "flood": f"Flood of IPv6 router advertisements{where} from {router}",
    }[str(evidence["how"])]


def _indonesian(evidence: _Evidence) -> str:
    router, where = dari_siapa(evidence["source"]), di_vlan(evidence["vlan"])
    who = f"{router} ({evidence['router_mac']})"
    return {
        "unknown": f"Router IPv6 tak dikenal {who} mengumumkan dirinya{where}",
        "forged": f"{evidence['router_mac']} mengumumkan prefiks lain atas nama router {router}{where}",
        "silenced": f"{evidence['router_mac']} menyatakan atas nama router {router}{where} bahwa ia bukan router",
        "flood": f"Banjir pengumuman router IPv6{where} dari {router}",
    }[str(evidence["how"])]


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
