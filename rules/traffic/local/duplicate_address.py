"""Duplicate addresses: two machines go on using one address, or one wants an address that another has. A mistake.

What has the signs of an attack is told by arp_spoofing instead.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, halves, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.contests import Address, Contests, Holding
from rules.traffic.local.gateways import Gateways
from rules.traffic.local.settings import DuplicateAddressSettings
from rules.traffic.local.telling import di_vlan, on_vlan
from rules.traffic.local.translators import Translators

_Evidence: TypeAlias = Mapping[str, str | Value]
_PROBES_MAX: Final = 4_096  # tentative addresses remembered: a /20 that starts at once
_LOUD: Final = 10  # as in arp_spoofing


class DuplicateAddress(Closing):
    """Two machines claim one address in turns (RFC 5227, 2.4), or a probe for one was answered (RFC 4862, 5.4)."""

    name = "duplicate_address"

    def __init__(self, settings: DuplicateAddressSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._contests = Contests(settings.contests)
        self._gateways = Gateways()
        self._translators = Translators()
        self._shared = frozenset(halves(address) for address in settings.shared_addresses)
        self._probes: dict[tuple[int, Address], tuple[float, int]] = {}
        self._episodes = Episodes(self.name, "", quiet_s=settings.quiet_s, repeat_s=60.0)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the claims of one window."""
        self._gateways.observe(second)
        self._translators.observe(second)
        for held in self._contests.observe(second):
            if self._is_duplicate(held, second.end):
                yield from self._episodes.see(self._twice(held), second.end)
        for vlan, address, holder, wanting in self._defended(second):
            yield from self._episodes.see(self._wanted(vlan, address, holder, wanting), second.end)
        yield from self._episodes.tick(second.end)

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: who holds an address is said anew within minutes."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _is_duplicate(self, held: Holding, now: float) -> bool:
        settings = self._settings.contests
        rival = held.claimants.get(held.rival)
        if rival is None or held.address in self._shared or not held.contested(settings):
            return False
        if now - rival.first < self._settings.settle_s:
            return False
        if rival.forged or rival.unasked >= _LOUD or held.insistent(settings):
            return False  # these are signs of an attack
        if any(self._translators.stands_for(held.vlan, mac, *held.address) for mac in (rival.mac, held.holder)):
            return False
        if held.address in self._gateways and self._contests.address_of(rival.mac) not in (None, held.address):
            return False
        # A router that answers for others (proxy ARP, RFC 1027) holds none of these addresses.
        return not (self._gateways.forwards(rival.mac) or self._gateways.forwards(held.holder))

    def _defended(self, second: Second) -> Iterator[tuple[int, Address, int, int]]:
        """Return VLAN, address, holder and who wanted it, of probes that were answered."""
        rows = second.neighbours
        rows = rows[(rows["probe"] != 0) | (rows["kind"] == 2) | (rows["kind"] == 4)]  # questions say nothing of it
        if not self._probes and not rows["probe"].any():
            return
        names = ("at_ns", "vlan", "probe", "frame_mac", "claimed_mac", "hi", "lo", "asked_hi", "asked_lo")
        for at_ns, vlan, probe, frame, claimed, hi, lo, asked_hi, asked_lo in zip(
            *(rows[name].tolist() for name in names), strict=True
        ):
            at = at_ns / 1e9
            if probe:
                self._probes.pop((vlan, (asked_hi, asked_lo)), None)
                self._probes[vlan, (asked_hi, asked_lo)] = at, frame
                if len(self._probes) > _PROBES_MAX:
                    del self._probes[next(iter(self._probes))]
            else:
                wanted_at, wanting = self._probes.get((vlan, (hi, lo)), (-1e18, 0))
                holder = claimed or frame
                if at - wanted_at <= self._settings.answered_s and wanting not in (frame, holder):
                    del self._probes[vlan, (hi, lo)]
                    if not self._gateways.forwards(holder) and (hi, lo) not in self._shared:
                        yield vlan, (hi, lo), holder, wanting

    def _twice(self, held: Holding) -> Seen:
        return self._seen(held.vlan, held.address, held.holder, held.rival, Severity.WARNING)

    def _wanted(self, vlan: int, address: Address, holder: int, wanting: int) -> Seen:
        return self._seen(vlan, address, holder, wanting, Severity.INFO)

    def _seen(self, vlan: int, address: Address, holder: int, other: int, severity: Severity) -> Seen:
        return Seen(
            key=f"{vlan}/{address_text(*address)}",
            target=self._networks.name_of(*address),
            severity=severity,
            source=mac_text(other),
            victim=address_text(*address),
            text=_TEXT,
            counts={"conflicts": 1},
            evidence={
                "first_mac": mac_text(holder),
                "second_mac": mac_text(other),
                "in_use": severity is Severity.WARNING,
                "vlan": vlan,
            },
            labels={"vlan": str(vlan)} if vlan else {},
        )


def _english(evidence: _Evidence) -> str:
    if evidence["in_use"]:
        return (
            f"{evidence['target']} is used by two machines{on_vlan(evidence['vlan'])}: "
            f"{evidence['first_mac']} and {evidence['second_mac']}"
        )
    return (
        f"{evidence['second_mac']} wanted the address {evidence['target']}{on_vlan(evidence['vlan'])}, "
        f"which {evidence['first_mac']} has"
    )


def _indonesian(evidence: _Evidence) -> str:
    if evidence["in_use"]:
        return (
            f"{evidence['target']} dipakai dua mesin{di_vlan(evidence['vlan'])}: "
            f"{evidence['first_mac']} dan {evidence['second_mac']}"
        )
    return (
        f"{evidence['second_mac']} meminta alamat {evidence['target']}{di_vlan(evidence['vlan'])} "
        f"yang sudah dimiliki {evidence['first_mac']}"
    )


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
