"""ARP and neighbour spoofing: one machine says that it has addresses which are others', the gateway's worst of all."""

from collections import OrderedDict
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks
from netmon.api.traffic import Second, address_text, halves, mac_text
from rules.traffic.episode import Closing, Episodes, Seen
from rules.traffic.local.contests import Address, Contests, Holding
from rules.traffic.local.diversions import Diversions
from rules.traffic.local.gateways import Gateways
from rules.traffic.local.settings import ArpSpoofingSettings
from rules.traffic.local.telling import di_vlan, is_virtual, listed, on_vlan

_Evidence: TypeAlias = Mapping[str, str | Value]
_TAKERS_MAX: Final = 1_024  # machines that claim what others hold: more at once is a flood of forged MAC addresses
_TAKEN_MAX: Final = 256  # addresses told of one of them: a whole /24
_LOUD: Final = 10  # claims to everybody, unasked, in a dispute: a fail-over says five


class ArpSpoofing(Closing):
    """T1557.002: a machine takes addresses that others hold, by ARP or by neighbour discovery."""

    name = "arp_spoofing"

    def __init__(self, settings: ArpSpoofingSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._contests = Contests(settings.contests)
        self._gateways = Gateways(settings.gateways)
        self._diversions = Diversions(settings.contests)
        self._diverted: OrderedDict[int, int] = OrderedDict()  # who has traffic come through him, and whose it was
        self._shared = frozenset(halves(address) for address in settings.shared_addresses)
        self._takers: OrderedDict[int, OrderedDict[Address, Holding]] = OrderedDict()
        self._episodes = Episodes(self.name, "T1557.002", quiet_s=settings.quiet_s)

    def observe(self, second: Second) -> Iterator[Finding]:
        """Judge the claims of one window."""
        self._gateways.observe(second)
        suspects: dict[int, Holding] = {}
        for held in self._contests.observe(second):
            if held.address in self._shared:
                continue
            for taker in self._note(held):
                if taker not in suspects or self._is_gateway(held, taker):
                    suspects[taker] = held
        for taker, held in suspects.items():
            if self._is_spoofing(taker, held):
                yield from self._episodes.see(self._seen(taker, held), second.end)
        yield from self._diversions_of(second, suspects)
        for finding in self._episodes.tick(second.end):
            if finding.cleared:
                self._forget(int(str(finding.evidence["attacker_mac"]).replace(":", ""), 16))
            yield finding

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        """Return nothing: who holds an address is said anew within minutes."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take nothing."""

    def _diversions_of(self, second: Second, told: Container[int]) -> Iterator[Finding]:
        """Tell of those who have traffic come through them, but for who is told of already."""
        for taker, (held, before) in self._diversions.observe(second, self._contests).items():
            if held.address not in self._shared and taker not in told:
                self._diverted[taker] = before
                if len(self._diverted) > _TAKERS_MAX:
                    self._diverted.popitem(last=False)
                yield from self._episodes.see(self._seen(taker, held), second.end)

    def _forget(self, taker: int) -> None:
        self._takers.pop(taker, None)
        self._diverted.pop(taker, None)

    def _note(self, held: Holding) -> Iterator[int]:
        """Remember who takes an address; return them."""
        takers = {claimant.mac for claimant in held.insistent(self._settings.contests)}
        if held.rival and (held.contested(self._settings.contests) or held.rival in takers):
            takers.add(held.rival)
        for taker in takers:
            if is_virtual(taker):
                continue
            taken = self._takers.setdefault(taker, OrderedDict())
            self._takers.move_to_end(taker)
            taken[held.address] = held
            while len(taken) > _TAKEN_MAX:
                taken.popitem(last=False)
            while len(self._takers) > _TAKERS_MAX:
                self._takers.popitem(last=False)
            yield taker

    def _is_spoofing(self, taker: int, held: Holding) -> bool:
        """Tell whether a disputed claim has a sign of an attack."""
        settings = self._settings.contests
        claimant = held.claimants.get(taker)
        if claimant is None:
            return False
        if claimant.insists(settings) and (held.rival or self._is_between(taker, held)):
            return True
        if held.rival != taker or not held.contested(settings):
            return False
        own = self._contests.address_of(taker)
        usurps = self._is_gateway(held, taker) and own not in (None, held.address)
        return bool(claimant.forged) or claimant.unasked >= _LOUD or usurps

    def _is_between(self, taker: int, held: Holding) -> bool:
        """Tell whether a machine tells two others that it is the respective other.

        Then nobody else need have spoken: no machine has reason to do so, and its own addresses it tells to others.
        """
        told = held.claimants[taker].told
        return any(
            other in told and taker in each.claimants and held.address in each.claimants[taker].told
            for other, each in self._takers.get(taker, {}).items()
        )

    def _is_gateway(self, held: Holding, taker: int) -> bool:
        """Tell whether an address is a gateway's: it is known as one, or its other claimant forwards for many."""
        if taker in self._diverted and self._diversions.carries_several(self._diverted[taker]):
            return True
        return held.address in self._gateways or any(
            mac != taker and self._contests.address_of(mac) == held.address and self._gateways.forwards(mac)
            for mac in held.claimants
        )

    def _seen(self, taker: int, held: Holding) -> Seen:
        taken = self._takers.get(taker, OrderedDict({held.address: held}))
        critical = [address for address, each in taken.items() if self._is_gateway(each, taker)]
        victim = critical[0] if critical else held.address
        own = self._contests.address_of(taker)
        holder = next((each for each in reversed(held.claimants) if each != taker), self._diverted.get(taker, 0))
        claimant = held.claimants[taker]
        return Seen(
            key=f"{held.vlan}/{mac_text(taker)}",
            target=self._networks.name_of(*victim),
            severity=Severity.CRITICAL if critical else Severity.ERROR,
            source=address_text(*own) if own and own not in taken else mac_text(taker),
            victim=address_text(*victim),
            text=_TEXT,
            evidence={
                "attacker_mac": mac_text(taker),
                "true_mac": mac_text(holder) if holder else "",
                "addresses": listed(taken),
                "address_count": len(taken),
                "gateway": bool(critical),
                "claims": claimant.claims,
                "unasked_claims": claimant.unasked,
                "forged_frames": claimant.forged,
                "vlan": held.vlan,
            },
            labels={"vlan": str(held.vlan)} if held.vlan else {},
            since=claimant.first,
        )


def _english(evidence: _Evidence) -> str:
    what = "the gateway" if evidence["gateway"] else "a host"
    count = "1 address" if evidence["address_count"] == 1 else f"{evidence['address_count']} addresses"
    return (
        f"{evidence['attacker_mac']} claims the address of {what}, {evidence['target']}{on_vlan(evidence['vlan'])}: "
        f"{count} taken, traffic is going through it"
    )


def _indonesian(evidence: _Evidence) -> str:
    what = "gateway" if evidence["gateway"] else "host"
    return (
        f"{evidence['attacker_mac']} mengaku sebagai alamat {what} {evidence['target']}{di_vlan(evidence['vlan'])}: "
        f"{evidence['address_count']} alamat diambil alih, lalu lintas melewatinya"
    )


_TEXT: Final[Mapping[str, Callable[[_Evidence], str]]] = {"en": _english, "id": _indonesian}
