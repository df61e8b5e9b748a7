"""From a template's definition to the small program that the compiled walk runs for each of its records."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.netflow import options
from collectors.traffic.flows.netflow.codes_kernel import PROGRAM, Clock, Kind, Slot
from collectors.traffic.flows.netflow.elements import ADDRESSES, ELEMENTS, REVERSE, REVERSED, Element
from collectors.traffic.flows.netflow.layout import OP, TEMPLATE
from collectors.traffic.flows.netflow.templates import VARIABLE, BadTemplate, Definition, Field

_UNORDINARY: Final = frozenset(
    (
        *(Slot.REPLY_BYTES, Slot.REPLY_PACKETS, Slot.REPLY_FLAGS, Slot.EVENT, Slot.BOOT, Slot.RATE, Slot.INTERVAL),
        *(Slot.SPACE, Slot.ETHERTYPE, Slot.FRAGMENT_OFFSET, Slot.MPLS, Slot.MPLS_TTL),
    )
)
"""Fields of which more is made than a number in a column, or by which the rate or the clock differ between flows."""
_ICMP_IN_TWO = (176, 178)  # the type alone: the code has a field of its own


@dataclass(frozen=True, slots=True)
class Program:
    """A row for the table of templates (domain and time not yet set) and its ops."""

    row: NDArray[np.void]  # TEMPLATE[1]
    ops: NDArray[np.void]  # OP[at most PROGRAM]


@dataclass(slots=True)
class _Choice:
    """Which field of a template fills each slot: the one of lowest rank, the first of equals."""

    taken: dict[Slot, tuple[int, Element, int]] = field(default_factory=dict)  # slot → rank, element, field's position
    addresses: dict[int, int] = field(default_factory=dict)  # element → field's position

    def offer(self, position: int, given: Field) -> None:
        """Take a field, where it is the best for its slot so far."""
        if given.enterprise == 0 and given.element in ADDRESSES:
            if given.length == sum(octets for octets, _ in ADDRESSES[given.element]):
                self.addresses.setdefault(given.element, position)
            return
        table = {0: ELEMENTS, REVERSE: REVERSED}.get(given.enterprise, {})
        element = table.get(given.element)
        if element is None or not 0 < given.length <= element.longest:
            return
        if element.slot not in self.taken or element.rank < self.taken[element.slot][0]:
            self.taken[element.slot] = (element.rank, element, position)

    def clock(self, slot: Slot) -> Clock:
        """Return in what the flow's start or end is told."""
        return self.taken[slot][1].clock if slot in self.taken else Clock.NONE


def assemble(definition: Definition) -> Program:
    """Return the program of a definition; BadTemplate where it needs more ops than there is room for."""
    row = np.zeros(1, TEMPLATE)
    row["id"], row["length"], row["variable"] = definition.number, definition.length, definition.variable
    if definition.options:
        row["kind"] = Kind.OPTIONS if options.wanted(definition) else Kind.IGNORED
        choice = _Choice()
    else:
        row["kind"] = Kind.FLOWS
        choice = _chosen(definition, row)
    ops = _variable(definition, choice) if definition.variable else _fixed(definition, choice)
    if len(ops) > PROGRAM:
        raise BadTemplate(f"a program of {len(ops)} steps")
    row["ops"] = len(ops)
    return Program(row, np.array([(*op, 0) for op in ops], OP))


def _chosen(definition: Definition, row: NDArray[np.void]) -> _Choice:
    choice = _Choice()
    for position, given in enumerate(definition.fields):
        choice.offer(position, given)
    taken = choice.taken
    if Slot.END not in taken and Clock.NONE < choice.clock(Slot.START) < Clock.LASTED_MS:
        _lasted(definition, choice)
    row["start"], row["end"] = choice.clock(Slot.START), choice.clock(Slot.END)
    row["has_v4"] = 8 in choice.addresses or 12 in choice.addresses
    row["has_v6"] = 27 in choice.addresses or 28 in choice.addresses
    row["has_reply"] = Slot.REPLY_BYTES in taken or Slot.REPLY_PACKETS in taken
    row["has_sampler"] = Slot.SAMPLER in taken
    row["has_rate"] = Slot.RATE in taken or Slot.INTERVAL in taken
    row["has_boot"] = Slot.BOOT in taken
    if Slot.ICMP in taken:
        element = definition.fields[taken[Slot.ICMP][2]].element
        row["icmp"] = 2 if element in _ICMP_IN_TWO else 1
    one_family = row["has_v4"] != row["has_v6"]
    row["straight"] = one_family and not definition.variable and not _UNORDINARY & taken.keys()
    return choice


def _lasted(definition: Definition, choice: _Choice) -> None:
    """Let the end follow from the start and the duration, where that is what is told."""
    for position, given in enumerate(definition.fields):
        clock = ELEMENTS[given.element].clock if given.element in (161, 162) else Clock.NONE
        if clock != Clock.NONE and given.enterprise == 0 and 0 < given.length <= 8:
            choice.taken[Slot.END] = (0, Element(Slot.END, clock=clock), position)
            return


def _parts(definition: Definition, choice: _Choice) -> list[tuple[int, tuple[tuple[int, Slot], ...]]]:
    """Return for each field its length and what of it goes where: (octets, slot), in order."""
    wanted: dict[int, tuple[tuple[int, Slot], ...]] = {
        position: ADDRESSES[element] for element, position in choice.addresses.items()
    }
    for slot, (_, _, position) in choice.taken.items():
        wanted[position] = ((definition.fields[position].length, slot),)
    return [(given.length, wanted.get(position, ())) for position, given in enumerate(definition.fields)]


Step = tuple[int, int, int]  # OP's at, length, slot


def _fixed(definition: Definition, choice: _Choice) -> list[Step]:
    steps: list[Step] = []
    at = 0
    for length, parts in _parts(definition, choice):
        place = at
        for octets, slot in parts:
            steps.append((place, octets, int(slot)))
            place += octets
        at += length
    return steps


_NOWHERE: Final = int(Slot.NOWHERE)


def _variable(definition: Definition, choice: _Choice) -> list[Step]:
    steps: list[Step] = []
    gap = 0
    for length, parts in _parts(definition, choice):
        if length == VARIABLE:  # always text or octets, of which we want none
            steps.append((gap, VARIABLE, _NOWHERE))
            gap = 0
        elif not parts:
            gap += length
        for octets, slot in parts:
            steps.append((gap, octets, int(slot)))
            gap = 0
    if gap:
        steps.append((gap, 0, _NOWHERE))
    return steps


def version_5() -> Program:
    """Return the program of v5's record of 48 octets: the offsets of Cisco's export datagram format."""
    numbers = [(8, 4), (12, 4), (0, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4), (7, 2), (11, 2)]
    numbers += [(0, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (0, 4)]
    return assemble(Definition(0, tuple(Field(element, length) for element, length in numbers)))
