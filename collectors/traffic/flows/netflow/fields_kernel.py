"""From the octets of flows to columns, field by field, of flows whose times are in their columns already.

What comes of a flow is what comes of it as a record (record_kernel.py) that is copied to columns afterwards.
"""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import From, Slot
from collectors.traffic.flows.netflow.record_kernel import MAPPED, MASKS, PLACES, load, times_rate, uncounted
from collectors.traffic.packet.sums_kernel import OCTETS, PACKETS
from netmon.api.flowcolumns import ROW

U = np.uint64
_0, _1, _8 = U(0), U(1), U(8)
_TCP, _UDP, _SCTP, _ICMP, _ICMP6 = U(6), U(17), U(132), U(1), U(58)
_LAST_REASON = U(5)


@njit(inline="always")
def _kinds(buffer: Any, places: Any, count: Any, values: Any) -> Any:
    """Note which flows have ports; return whether any is of ICMP."""
    place, mask = values[PLACES + U(Slot.PROTOCOL)], values[MASKS + U(Slot.PROTOCOL)]
    icmp = _0
    for i in range(count):  # without branches: no protocol foretells the next
        protocol = load(buffer, places[_0, i] + place, mask)
        places[_1, i] = _0 - (U(protocol == _TCP) | U(protocol == _UDP) | U(protocol == _SCTP))
        icmp |= U(protocol == _ICMP) | U(protocol == _ICMP6)
    return icmp != _0


@njit(inline="always")
def _made(buffer: Any, at: Any, kind: Any, how: Any, place: Any, mask: Any, base: Any, values: Any) -> Any:
    """Return one flow's number of a field. `base`: what it is joined with, its rate, or its shift, as `how` tells."""
    x = load(buffer, at + place, mask)
    if how == From.FIELD or how == From.CONSTANT:
        x |= base
    elif how == From.COUNT:
        x = times_rate(x, base)
    elif how == From.PORT:
        x &= kind
    elif how == From.REASON:
        x = x if x <= _LAST_REASON else _0
    else:
        slot = U(Slot.PROTOCOL)
        protocol = load(buffer, at + values[PLACES + slot], values[MASKS + slot])
        x = (x >> base) & U(255) if protocol == _ICMP or protocol == _ICMP6 else _0
    return x


@njit(inline="always")
def _from(plan: Any, t: Any, d: Any, rate: Any, icmp: Any) -> Any:
    """Return how a field is read with this template: how, from which slot, and the base."""
    how, slot, base = np.int64(plan.how), U(plan.slot), _0
    if how == From.ADDRESS_HI or how == From.ADDRESS_LO:
        base = MAPPED if t.has_v4 and how == From.ADDRESS_LO else _0
        slot = U(plan.slot_v4) if t.has_v4 else slot
        how = np.int64(From.FIELD)
    elif how == From.COUNT:
        base = rate
    elif how == From.TYPE or how == From.CODE:
        if not icmp:
            slot = U(Slot.NOWHERE)
        elif t.icmp != 2:  # type * 256 + code, in its own field or, as v5 does, in the destination port
            slot = U(Slot.ICMP) if t.icmp == 1 else U(Slot.DESTINATION_PORT)
            base = _8 if how == From.TYPE else _0
    elif how == From.RATE:
        base = rate
    elif how == From.VERSION:
        base = U(4) if t.has_v4 else U(6)
    elif how == From.ETHERTYPE:
        base = U(0x0800) if t.has_v4 else U(0x86DD)
    elif how == From.EXPORTER:
        base = U(d.exporter)
    elif how == From.DOMAIN:
        base = U(d.id)
    if how >= From.RATE:
        how = np.int64(From.CONSTANT)
    return how, slot, base


@njit(inline="always")
def _fill(narrow: Any, wide: Any, is_wide: Any, column: Any, begin: Any, behind: Any, value: Any) -> None:
    # Two loops: as one it becomes stores to both that are masked out, which are slow where no memory is yet.
    if is_wide:
        for i in range(begin, behind):
            wide[column, i] = value
    else:
        for i in range(begin, behind):
            narrow[column, i] = np.uint32(value)


@uncounted
def let_go(
    buffer: Any,
    templates: Any,
    domains: Any,
    values: Any,
    held: Any,
    places: Any,
    plan: Any,
    fields: Any,
    used: Any,
    columns: Any,
    sums: Any,
) -> None:
    """Write all fields of the flows that are held."""
    narrow, wide, room = columns
    count = held.count
    if count == _0:
        return
    t, d = templates[held.template], domains[held.domain]
    row = room[U(ROW)]
    rate, there = held.rate, held.there
    icmp = _kinds(buffer, places, count, values)
    for k in range(U(len(fields))):
        field = fields[U(k)]
        how, slot, base = _from(plan[U(k)], t, d, rate, icmp)
        if (there >> slot) & _1 == _0:
            slot = _0
            if how != From.FIELD:
                how, base = np.int64(From.CONSTANT), base if how == From.CONSTANT else _0
            else:
                how = np.int64(From.CONSTANT)
        place, mask = values[PLACES + slot], values[MASKS + slot] & field.mask & plan[U(k)].mask
        if how == From.TYPE or how == From.CODE or how == From.REASON:  # judged as they came
            mask = values[MASKS + slot]
        if how == From.CONSTANT:
            mask = _0
            base &= field.mask
        default = field.default
        if not field.present:
            differs = base ^ default if how == From.CONSTANT else _0
            if how != From.CONSTANT:
                for i in range(count):
                    x = _made(buffer, places[_0, i], places[_1, i], how, place, mask, base, values)
                    differs |= x ^ default
            if differs == _0:
                continue
            if row == _0 and how == From.CONSTANT:
                field.default = base  # of all flows so far: nothing has to be written
                continue
            field.present = used[field.wide] + _1
            used[field.wide] += _1
            _fill(narrow, wide, field.wide, field.present - _1, _0, row, default)
        column = field.present - _1
        if how == From.CONSTANT:
            _fill(narrow, wide, field.wide, column, row, row + count, base)
        elif how == From.COUNT:
            together = _0
            if base == _1:
                for i in range(count):
                    x = load(buffer, places[_0, i] + place, mask)
                    wide[column, row + i] = x
                    together += x
            else:
                for i in range(count):
                    x = times_rate(load(buffer, places[_0, i] + place, mask), base)
                    wide[column, row + i] = x
                    together += x
            if plan[U(k)].slot == Slot.BYTES:
                sums[OCTETS] += together
            else:
                sums[PACKETS] += together
        elif how == From.FIELD and field.wide:
            for i in range(count):
                wide[column, row + i] = load(buffer, places[_0, i] + place, mask) | base
        elif how == From.FIELD:
            for i in range(count):
                narrow[column, row + i] = np.uint32(load(buffer, places[_0, i] + place, mask))
        elif how == From.PORT:
            for i in range(count):
                narrow[column, row + i] = np.uint32(load(buffer, places[_0, i] + place, mask & places[_1, i]))
        else:
            for i in range(count):
                x = _made(buffer, places[_0, i], places[_1, i], how, place, mask, base, values)
                narrow[column, row + i] = np.uint32(x)
    room[U(ROW)] = row + count
    held.count = _0
