"""The compiled loops that Python calls, each for one signature, so that nothing is compiled while packets wait."""

from typing import Any, Final

import numba
from numba import njit

from collectors.traffic.flowtable import compiled, flow_kernel, key_kernel, layout, rows_kernel, tcp_kernel
from collectors.traffic.flowtable.compiled import OPTIONS
from collectors.traffic.flowtable.flow_kernel import take
from collectors.traffic.flowtable.layout import FLOW, KEY, LINK
from collectors.traffic.flowtable.rows_kernel import every, sweep
from collectors.traffic.packet.stamp import stamp
from netmon.api import traffic
from netmon.api.traffic import FRAME, RECORD


def _array(kind: Any, *, readonly: bool = False) -> Any:
    return numba.types.Array(kind, 1, "C", readonly=readonly)


_ROWS: Final = _array(numba.from_dtype(FLOW))
_LINKS: Final = _array(numba.from_dtype(LINK))
_WORDS: Final = _array(numba.uint64)
_RECORDS: Final = _array(numba.from_dtype(RECORD))
_TABLE: Final = (_ROWS, _WORDS, _LINKS, _WORDS, _RECORDS)
_ADD: Final = numba.int64(
    *_TABLE,
    _RECORDS,
    _array(numba.from_dtype(RECORD), readonly=True),
    _array(numba.uint8, readonly=True),
    _array(numba.from_dtype(FRAME), readonly=True),
    _WORDS,
    numba.boolean,
    _array(numba.from_dtype(KEY)),
)


def _entries(sources: int) -> tuple[Any, Any, Any]:
    @njit(_ADD, cache=True, **OPTIONS)
    def add(
        rows: Any,
        slots: Any,
        links: Any,
        state: Any,
        ended: Any,
        begun: Any,
        records: Any,
        buffer: Any,
        frames: Any,
        seeds: Any,
        by_vlan: Any,
        keys: Any,
    ) -> Any:
        sources  # noqa: B018  # in the key of the cache: see packet/stamp.py
        return take(rows, slots, links, state, ended, begun, records, buffer, frames, seeds, by_vlan, keys)

    @njit(numba.void(*_TABLE, numba.uint64), cache=True, **OPTIONS)
    def expire(rows: Any, slots: Any, links: Any, state: Any, ended: Any, now_ns: Any) -> None:
        sources  # noqa: B018  # the same
        sweep(rows, slots, links, state, ended, now_ns)

    @njit(numba.void(*_TABLE), cache=True, **OPTIONS)
    def end_all(rows: Any, slots: Any, links: Any, state: Any, ended: Any) -> None:
        sources  # noqa: B018  # the same
        every(rows, slots, links, state, ended)

    return add, expire, end_all


add, expire, end_all = _entries(
    stamp(compiled, flow_kernel, key_kernel, layout, rows_kernel, tcp_kernel, traffic),
)
