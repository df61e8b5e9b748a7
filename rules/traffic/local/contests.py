"""Two machines that claim one address: who held it, who came, and by what signs it is an attack or a mistake.

ARP (RFC 826) and neighbour discovery (RFC 4861) believe everybody. What is ordinary: an address goes from one machine
to another and stays there (DHCP, a fail-over of VRRP or keepalived, a network card replaced). What is not: the old
holder still uses or claims it while the new one claims it again. Of these, an attack shows in replies that nobody
asked for, said over and over to the same listener, as one that holds an address by mistake does not do; or in one
machine that takes the addresses of several others.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from netmon.api.traffic import Second
from rules.traffic.local.repeats import Place, Repeats
from rules.traffic.local.settings import ContestSettings
from rules.traffic.local.telling import is_virtual

Address: TypeAlias = tuple[int, int]

_REPLIES: Final = (2, 4)  # kinds of NEIGHBOUR that answer
_CLAIMANTS_MAX: Final = 4  # machines remembered for one address: more at once are told by the newest
_LISTENERS_MAX: Final = 64  # whom one machine tells: an attacker of a whole /24 shows in the first of them
_TIMES_MAX: Final = 8  # times remembered of each matter, more than any threshold needs
_COPIES_S: Final = 0.5  # a mirror port shows a frame twice, and both of two machines answer a question
_TELLERS_MAX: Final = 256  # machines watched after an unasked claim: a flood of them is told by their claims
_GROUP_IPV6: Final = 0xFF
_FEW: Final = 64  # rows of a window that are taken one by one, whatever they repeat


@dataclass(slots=True)
class Claimant:
    """One machine's claims on one address."""

    mac: int
    first: float
    last: float
    claims: int = 0
    forged: int = 0  # frames sent from another MAC address than the one that they claim
    unasked: int = 0
    announced: int = 0  # claims to everybody, as of machines that take over an address
    told: OrderedDict[Address, deque[float]] = field(default_factory=OrderedDict)  # unasked replies, by listener

    def claim(self, at: float, frame_mac: int, times: int, *, announced: bool) -> None:
        """Count so many claims, the last of them now, in frames from a MAC address; `announced`: to everybody."""
        self.last = at
        self.claims += times
        if announced:
            self.announced += times
        if frame_mac != self.mac and not is_virtual(self.mac) and not is_virtual(frame_mac):
            self.forged += times

    def insists(self, settings: ContestSettings) -> bool:
        """Tell whether it told one listener over and over what nobody had asked."""
        return any(
            len(times) >= settings.unasked_replies and times[-1] - times[-settings.unasked_replies] <= settings.window_s
            for times in self.told.values()
        )


@dataclass(slots=True)
class Holding:
    """One address: who holds it, and who else claims it."""

    vlan: int
    address: Address
    holder: int
    since: float
    last: float  # when the holder was last heard of
    claimants: dict[int, Claimant] = field(default_factory=dict)
    turns: deque[float] = field(default_factory=lambda: deque(maxlen=_TIMES_MAX))
    at_turn: int = 0  # who claimed last
    rival: int = 0  # who claims it beside the holder; 0: nobody

    def insistent(self, settings: ContestSettings) -> list[Claimant]:
        """Return who told somebody over and over, unasked, that it has the address."""
        return [each for each in self.claimants.values() if each.told and each.insists(settings)]

    def contested(self, settings: ContestSettings) -> bool:
        """Tell whether holder and rival took turns often enough."""
        return len(self.turns) >= settings.turns and self.turns[-1] - self.turns[-settings.turns] <= settings.window_s


class Contests:
    """Every address of the local network with its holder."""

    def __init__(self, settings: ContestSettings) -> None:
        self._settings = settings
        self._held: OrderedDict[Place, Holding] = OrderedDict()
        self._asked: OrderedDict[tuple[int, Address, Address], float] = OrderedDict()
        self._leased: OrderedDict[Place, int] = OrderedDict()
        self._own: OrderedDict[int, Address] = OrderedDict()
        self._others: OrderedDict[int, Address] = OrderedDict()  # what a machine claimed beside its first address
        self.unasked: OrderedDict[int, tuple[Holding, float]] = OrderedDict()
        """By MAC address: what it told somebody unasked that it has, and since when. Whoever reads it forgets."""
        self._repeats = Repeats()
        self.dropped = 0  # addresses forgotten for want of room

    def observe(self, second: Second) -> list[Holding]:
        """Take one window; return the addresses that were claimed in it by others than their holders."""
        self._note_leases(second)
        touched: dict[Place, Holding] = {}
        for claim in self._claims(second):
            held = self._claim(*claim)
            if held is not None and (held.rival or held.insistent(self._settings)):
                touched[(held.vlan, *held.address)] = held
        for held in self._uses(second):
            touched.setdefault((held.vlan, *held.address), held)
        while len(self._held) > self._settings.addresses:
            self._held.popitem(last=False)
            self.dropped += 1
        return list(touched.values())

    def address_of(self, mac: int) -> Address | None:
        """Return the address that a machine holds without dispute, where one is known."""
        return self._own.get(mac)

    def has_more(self, mac: int, held: Holding) -> bool:
        """Tell whether a machine was seen with another address than this one."""
        return any(own.get(mac, held.address) != held.address for own in (self._own, self._others))

    def _note_leases(self, second: Second) -> None:
        rows = second.leases
        for row in rows[(rows["kind"] == 5) | (rows["kind"] == 107)]:
            if row["client_mac"] and row["offered_lo"]:
                self._leased[(int(row["vlan"]), int(row["offered_hi"]), int(row["offered_lo"]))] = int(
                    row["client_mac"]
                )
        while len(self._leased) > self._settings.addresses:
            self._leased.popitem(last=False)

    def _claims(self, second: Second) -> Iterator[tuple[float, int, int, int, int, Address, Address, int]]:
        """Return the rows of a window that ask or claim, as plain numbers, with how many each stands for."""
        rows = second.neighbours
        rows = rows[rows["probe"] == 0]
        weights = np.ones(len(rows), np.int64)
        if len(rows) > _FEW and len(self._asked) + 2 * len(rows) <= self._settings.addresses:  # none is pushed out
            weights = self._repeats.weigh(rows, self._holder, self._settings.asked_s)
            rows, weights = rows[weights > 0], weights[weights > 0]
        names = ("at_ns", "vlan", "kind", "frame_mac", "claimed_mac", "hi", "lo", "asked_hi", "asked_lo")
        for at, vlan, kind, frame, claimed, hi, lo, asked_hi, asked_lo, times in zip(
            *(rows[name].tolist() for name in names), weights.tolist(), strict=True
        ):
            yield at / 1e9, vlan, kind, frame, claimed, (hi, lo), (asked_hi, asked_lo), times

    def _holder(self, place: Place) -> int | None:
        held = self._held.get(place)
        return None if held is None else held.holder

    def _claim(  # noqa: PLR0913, PLR0917 - a row
        self, at: float, vlan: int, kind: int, frame_mac: int, mac: int, address: Address, asked: Address, times: int
    ) -> Holding | None:
        """Take one row, which stands for so many; return the address's holding where it claims one."""
        if kind not in _REPLIES and asked != address:
            self._note_question(at, vlan, asked, address)
        if not mac or not _is_host(address):
            return None
        place = (vlan, *address)
        held = self._held.get(place)
        if held is None:
            held = self._held[place] = Holding(vlan, address, mac, at, at)
            if self._own.setdefault(mac, address) != address:
                self._others[mac] = address
            for known in (self._own, self._others):
                while len(known) > self._settings.addresses:
                    known.popitem(last=False)
        self._held.move_to_end(place)
        claimant = self._claimant(held, mac, at)
        claimant.claim(at, frame_mac, times, announced=asked == address)
        if kind in _REPLIES and not self._was_asked(at, vlan, address, asked):
            _note_unasked(claimant, asked, at, gratuitous=asked == address)
            if asked != address:
                self._note_telling(held, mac, at)
        self._take_turn(held, mac, at)
        return held

    def _note_telling(self, held: Holding, mac: int, at: float) -> None:
        known = self.unasked.get(mac)
        if known is None or known[0] is not held:
            self.unasked[mac] = held, at
            self.unasked.move_to_end(mac)
            if len(self.unasked) > _TELLERS_MAX:
                self.unasked.popitem(last=False)

    def _note_question(self, at: float, vlan: int, asked: Address, asker: Address) -> None:
        for who in (asker, asked):  # a neighbour advertisement does not say to whom it is
            question = (vlan, asked, who)
            self._asked[question] = at
            self._asked.move_to_end(question)
        while len(self._asked) > self._settings.addresses:
            self._asked.popitem(last=False)

    def _was_asked(self, at: float, vlan: int, address: Address, listener: Address) -> bool:
        """Tell whether a reply was asked for. What comes later than the first reply, and its copies, was not."""
        asked = self._asked.get((vlan, address, listener))
        if asked is None or at - asked > self._settings.asked_s:
            return False
        self._asked[vlan, address, listener] = min(asked, at + _COPIES_S - self._settings.asked_s)
        return True

    def _claimant(self, held: Holding, mac: int, at: float) -> Claimant:
        known = held.claimants.get(mac)
        if known is None:
            if len(held.claimants) >= _CLAIMANTS_MAX:
                oldest = min((each.last, each.mac) for each in held.claimants.values() if each.mac != held.holder)
                del held.claimants[oldest[1]]
            known = held.claimants[mac] = Claimant(mac, at, at)
        return known

    def _take_turn(self, held: Holding, mac: int, at: float) -> None:
        """Note who claimed an address: whether the holder changed, or is disputed."""
        settings = self._settings
        if held.rival and at - held.claimants.get(held.rival, Claimant(0, 0, -1e18)).last > settings.held_s:
            held.rival = 0  # the dispute is over
            held.turns.clear()
        if mac == held.holder:
            held.last = at
        elif (
            at - held.last > settings.held_s
            or self._leased.get((held.vlan, *held.address)) == mac
            or is_virtual(mac)
            or is_virtual(held.holder)
        ):
            held.holder, held.since, held.last, held.rival = mac, at, at, 0
            held.turns.clear()
        elif held.rival == mac and at - held.last > settings.window_s and not held.claimants[mac].insists(settings):
            held.holder, held.since, held.last, held.rival = mac, at, at, 0  # the old holder gave way
            held.turns.clear()
        else:
            held.rival = mac
        if held.rival and held.at_turn != mac:
            held.turns.append(at)
        held.at_turn = mac

    def _uses(self, second: Second) -> Iterator[Holding]:
        """Note whose frames carry an address: the holder that goes on with it has not given it up."""
        macs = second.macs
        for mac, vlan, hi, lo in zip(*(macs[name].tolist() for name in ("mac", "vlan", "hi", "lo")), strict=True):
            held = self._held.get((vlan, hi, lo))
            if held is None or held.holder != mac:
                continue
            rival = held.claimants.get(held.rival)
            if rival is None:
                held.last = second.end
            elif second.start >= rival.last:  # in the window of a hand-over both have it
                self._take_turn(held, mac, second.end)
                yield held


def _note_unasked(claimant: Claimant, listener: Address, at: float, *, gratuitous: bool) -> None:
    claimant.unasked += 1
    if gratuitous:
        return  # said to everybody, as a machine does that takes over an address: nobody is singled out
    times = claimant.told.setdefault(listener, deque(maxlen=_TIMES_MAX))
    times.append(at)
    claimant.told.move_to_end(listener)
    while len(claimant.told) > _LISTENERS_MAX:
        claimant.told.popitem(last=False)


def _is_host(address: Address) -> bool:
    """Tell whether an address can be a machine's: not unspecified, not a group's."""
    hi, lo = address
    if hi == 0 and lo >> 32 == 0xFFFF:
        first = lo >> 24 & 0xFF
        return 0 < first < 224
    return hi >> 56 != _GROUP_IPV6 and (hi, lo) != (0, 0)
