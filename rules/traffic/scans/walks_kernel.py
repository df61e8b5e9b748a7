"""The compiled walks of slow scans: groups, the sources that have some, and the list of who was silent longest.

Row 0 of both tables is nobody's, so that 0 means none. Groups stand in a list by when they last failed; free rows of
either table in one by `newer`. Indices are open addressing with half of an entry the hash, half the row.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.numbering_kernel import mixed
from rules.traffic.scans.contact import Outcome

GROUP: Final = np.dtype(
    [
        ("key", "u8"),
        ("source", "u8"),  # hashed
        ("walk", "f8"),  # natural logarithm of the likelihood ratio
        ("last", "f8"),  # when it failed last, Unix seconds
        ("older", "u4"),
        ("newer", "u4"),
        ("owner", "u4"),  # row of its source
        ("failures", "u2"),
        ("members", "u2"),
        ("one_host", "u1"),
        ("crossed", "u1"),  # the upper bound, in this window
        ("kept", "u1"),  # failures that are kept whole
        ("reserved", "u1"),
        ("aligned", "u4"),
    ]
)
"""A host's ports, or a port's hosts, as one source tries them."""
OWNER: Final = np.dtype([("key", "u8"), ("groups", "u4"), ("failures", "u4"), ("newer", "u4"), ("reserved", "u4")])
STATE: Final = np.dtype(
    [
        ("seed", "u8"),
        ("up", "f8"),
        ("down", "f8"),
        ("high", "f8"),
        ("low", "f8"),
        ("forget_s", "f8"),
        ("oldest", "u4"),
        ("newest", "u4"),
        ("free", "u4"),  # the first free row of the groups
        ("free_owner", "u4"),
        ("groups", "u4"),
        ("dropped", "u4"),
    ]
)

U = np.uint64
_0, _1, _32 = U(0), U(1), U(32)
_LOW = U(0xFFFF_FFFF)
_GOOD, _HALF = int(Outcome.GOOD), int(Outcome.HALF)


@njit(inline="always")
def _slot(index: Any, rows: Any, key: Any, tag: Any) -> Any:
    """Return the slot of a key, or the free one where it belongs."""
    mask = U(len(index) - 1)
    slot = tag & mask
    while index[slot] != _0:
        if index[slot] >> _32 == tag and rows[index[slot] & _LOW].key == key:
            break
        slot = (slot + _1) & mask
    return slot


@njit(inline="always")
def _unlink(index: Any, slot: Any) -> None:
    """Free a slot, and move up what others found no room for at their own."""
    mask = U(len(index) - 1)
    hole, at = slot, (slot + _1) & mask
    while index[at] != _0:
        home = (index[at] >> _32) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            index[hole] = index[at]
            hole = at
        at = (at + _1) & mask
    index[hole] = _0


@njit(inline="always")
def _apart(groups: Any, state: Any, row: Any) -> None:
    """Take a group out of the list of the oldest."""
    older, newer = groups[row].older, groups[row].newer
    if older:
        groups[older].newer = newer
    else:
        state.oldest = newer
    if newer:
        groups[newer].older = older
    else:
        state.newest = older


@njit(inline="always")
def _newest(groups: Any, state: Any, row: Any) -> None:
    groups[row].older, groups[row].newer = state.newest, 0
    if state.newest:
        groups[state.newest].newer = row
    else:
        state.oldest = row
    state.newest = row


@njit
def _remove(groups: Any, index: Any, owners: Any, owner_index: Any, state: Any, row: Any) -> None:
    """Forget a group, and its source with its last one."""
    key = U(groups[row].key)
    _unlink(index, _slot(index, groups, key, mixed(key, U(state.seed)) >> _32))
    _apart(groups, state, row)
    groups[row].crossed = 0
    groups[row].newer = state.free
    state.free = row
    state.groups -= 1
    owner = groups[row].owner
    owners[owner].groups -= 1
    if owners[owner].groups == 0:
        key = U(owners[owner].key)
        _unlink(owner_index, _slot(owner_index, owners, key, mixed(key, U(state.seed)) >> _32))
        owners[owner].newer = state.free_owner
        state.free_owner = owner


@njit(inline="always")
def _is_member(members: Any, row: Any, count: Any, contact: Any) -> Any:
    for i in range(count):  # noqa: SIM110 - numba compiles no generator here
        if members[row, i] == contact:
            return True
    return False


@njit(inline="always")
def _key(contact: Any, one_host: Any) -> Any:
    """Return what a contact's group is known by: the source, and its host or its port."""
    what = U(contact.destination) ^ U(contact.protocol) if one_host else U(contact.port) << U(8) | U(contact.protocol)
    return mixed(U(contact.source) + (_1 if one_host else _0), what)


@njit
def _group(groups: Any, index: Any, owners: Any, owner_index: Any, state: Any, contact: Any, one_host: Any) -> Any:
    """Return the row of a failure's group, made where there is none: the oldest then goes where there is no room."""
    key = _key(contact, one_host)
    tag = mixed(key, U(state.seed)) >> _32
    row = U(index[_slot(index, groups, key, tag)] & _LOW)
    if row != _0:
        _apart(groups, state, row)
        _newest(groups, state, row)
        return row
    source = U(contact.source)
    owner = U(owner_index[_slot(owner_index, owners, source, mixed(source, U(state.seed)) >> _32)] & _LOW)
    owners[owner].groups += 1  # before one goes, which may be the last that it had
    if state.free == 0:
        state.dropped += 1
        _remove(groups, index, owners, owner_index, state, U(state.oldest))
    row = U(state.free)
    state.free = groups[row].newer
    state.groups += 1
    group = groups[row]
    group.key, group.source, group.owner, group.one_host = key, source, owner, one_host
    group.last = -np.inf
    index[_slot(index, groups, key, tag)] = tag << _32 | row
    _newest(groups, state, row)
    return row


@njit(inline="always")
def _owned(owners: Any, owner_index: Any, state: Any, source: Any) -> Any:
    """Return the row of a source, made where there is none: there are more rows than groups can have sources."""
    tag = mixed(source, U(state.seed)) >> _32
    slot = _slot(owner_index, owners, source, tag)
    row = U(owner_index[slot] & _LOW)
    if row == _0:
        row = U(state.free_owner)
        state.free_owner = owners[row].newer
        owners[row].key, owners[row].groups, owners[row].failures = source, 0, 0
        owner_index[slot] = tag << _32 | row
    return row


@njit
def _succeed(
    groups: Any, index: Any, owners: Any, owner_index: Any, members: Any, state: Any, contact: Any, one_host: Any
) -> None:
    """Move a group down by a contact that was answered; at the lower bound it is ordinary, and forgotten."""
    key = _key(contact, one_host)
    row = U(index[_slot(index, groups, key, mixed(key, U(state.seed)) >> _32)] & _LOW)
    if row == _0 or _is_member(members, row, groups[row].members, contact.contact):
        return
    group = groups[row]
    if group.members < members.shape[1]:
        members[row, group.members] = contact.contact
        group.members += 1
    group.walk += state.down
    if group.walk <= state.low:
        _remove(groups, index, owners, owner_index, state, row)


@njit(cache=True, nogil=True)
def walk(
    groups: Any,
    index: Any,
    owners: Any,
    owner_index: Any,
    members: Any,
    kept: Any,
    states: Any,
    failed: Any,
    opened: Any,
    left: Any,
    now: Any,
    crossed: Any,
) -> Any:
    """Let failures walk up (CONTACT[n]) and answers down; return how many groups are above the bound (rows: `crossed`).

    `opened`: contacts that were answered, and others, which are passed over; at most `left` of sources that have groups
    are looked at. `members` (u8[rows, m]): contacts of each group; `kept` (CONTACT[rows, k]): its first failures.
    """
    state = states[0]
    found = _0
    for i in range(len(failed)):
        contact = failed[i]
        owner = _owned(owners, owner_index, state, U(contact.source))
        owners[owner].failures += 1
        ported = contact.protocol in (6, 17)
        for turn in range(2):
            one_host = turn == 0
            if (one_host and not ported) or (turn == 1 and ported and contact.outcome == _HALF):
                continue
            row = _group(groups, index, owners, owner_index, state, contact, one_host)
            group = groups[row]
            if now - group.last > state.forget_s:
                group.walk, group.failures, group.members, group.kept, group.crossed = 0.0, 0, 0, 0, 0
            group.last = now
            count = group.members
            if count < members.shape[1] and not _is_member(members, row, count, contact.contact):
                members[row, count] = contact.contact
                group.members += 1
                group.failures += 1
                group.walk += state.up
                if group.kept < kept.shape[1]:
                    kept[row, group.kept] = contact
                    group.kept += 1
            if group.walk >= state.high and group.crossed == 0:
                group.crossed = 1
                crossed[found] = row
                found += _1
    for i in range(len(opened)):
        contact = opened[i]
        if left == 0 or state.groups == 0:
            break
        source = U(contact.source)
        if contact.outcome != _GOOD:
            continue
        if owner_index[_slot(owner_index, owners, source, mixed(source, U(state.seed)) >> _32)] != _0:
            left -= 1
            if contact.protocol in (6, 17):
                _succeed(groups, index, owners, owner_index, members, state, contact, True)
            _succeed(groups, index, owners, owner_index, members, state, contact, False)
    while state.oldest and now - groups[state.oldest].last > state.forget_s:
        _remove(groups, index, owners, owner_index, state, U(state.oldest))
    count = _0
    for i in range(found):
        row = crossed[i]
        if groups[row].crossed:  # and was not forgotten since
            groups[row].crossed = 0
            crossed[count] = row
            count += _1
    return count
