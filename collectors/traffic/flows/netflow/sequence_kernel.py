"""What sequence numbers and uptimes tell: how many records were lost, came late or twice, and who began anew."""

from typing import Any

import numpy as np
from numba import njit

from collectors.traffic.flows.netflow.codes_kernel import MS, Style

U = np.uint64
_M32 = U(0xFFFF_FFFF)
_FAR_FORWARD = U(1 << 28)  # a jump of more is no loss: nobody loses 2^28 records between two datagrams
_FAR_BACK_RECORDS = U(16_384)  # reordering in a network is of some datagrams; further back the exporter restarted
_FAR_BACK_DATAGRAMS = U(256)
_JUMP_FACTOR = U(4)  # a jump is loss up to so many times what reordering explains …
_CARRIED_FACTOR = U(2)  # … and so many times what its exporter sent at its best in the time that passed,
_CARRIED_NS = U(5_000_000_000)  # or might have, if the datagrams before it waited in a buffer for so long
_WINDOW_NS = U(1_000_000_000)
_FORGET = U(10)  # of the best second, 1/2^10 in each: half is left after 12 minutes of a busy exporter
_LATE_RUN = 4  # datagrams that continue each other in the past: a restart so early that it looks like reordering
_FITS = 4  # messages that another style of counting explains, before it is taken
_RESTART_MS = U(60_000)  # an uptime that went back by more than reordering explains
_AHEAD_MS = U(600_000)  # or forward by this much more than our own clock did: it wrapped through a restart


@njit(inline="always")
def _style(d: Any, sequence: Any, own: Any) -> None:
    """Learn how an IPFIX exporter counts: change the style where the present one fails and another fits each time."""
    step = (sequence - U(d.previous)) & _M32
    fits_now = False
    better = d.style
    for style in range(3):
        expected = U(d.previous_units) if style == Style.BEFORE else own if style == Style.WITH_OWN else U(1)
        if step == expected:
            d.fits[style] = min(d.fits[style] + 1, 100)
            if style == d.style:
                fits_now = True
            elif d.fits[style] >= _FITS and (better == d.style or d.fits[style] > d.fits[better]):
                better = np.uint8(style)
        else:
            d.fits[style] = d.fits[style] >> 2
    if not fits_now and better != d.style:
        d.style = better
        d.expected = (sequence - own if better == Style.WITH_OWN else sequence) & _M32
        d.outstanding, d.window_units, d.peak = U(0), U(0), U(0)
        if d.restyled == 0:  # what was counted until now was counted wrongly
            d.missed, d.late, d.repeated, d.resets = U(0), U(0), U(0), U(0)
            d.restyled = 1


@njit(inline="always")
def _carried(d: Any, received_ns: Any) -> Any:
    """Return how many units its exporter may have sent unseen since the last message, by its own rate until now."""
    passed = received_ns - d.window_ns if received_ns > d.window_ns else U(0)
    if d.window_ns == U(0) or received_ns < d.window_ns:
        d.window_ns, d.window_units, passed = received_ns, U(0), U(0)
    elif passed >= _WINDOW_NS:
        # Microseconds: 2^32 units by 10^6 fit into 64 bits.
        rate = min(d.window_units, _M32) * U(1_000_000) // (passed // U(1_000))
        d.peak = max(d.peak - (d.peak >> _FORGET), rate)
        d.window_ns, d.window_units = received_ns, U(0)
    rate = min(max(d.peak, d.window_units), _M32)
    return _CARRIED_FACTOR * rate * min((passed + _CARRIED_NS) // _WINDOW_NS, _M32)


@njit(inline="always")
def follow(d: Any, sequence: Any, units: Any, options: Any, uncounted: Any, received_ns: Any) -> None:
    """Compare a message's sequence number with the expected one; `units`: what the message adds to it.

    Loss is what the exporter can have sent meanwhile. Its number may also jump because it began anew from any other:
    a process that was started again, or two that number one domain each for itself. That is counted as such.
    """
    if d.version == 10:
        own = units - options
        if d.sequenced and not uncounted:
            _style(d, sequence, own)
        d.previous, d.previous_units = sequence, units
        if d.style == Style.WITH_OWN:
            sequence, units = (sequence - own) & _M32, own
        elif d.style == Style.MESSAGES:
            units, uncounted = U(1), 0
    gap = (sequence - U(d.expected)) & _M32
    following = (sequence + units) & _M32
    far_back = _FAR_BACK_DATAGRAMS if d.version == 9 or d.style == Style.MESSAGES else _FAR_BACK_RECORDS
    forward = True
    carried = _carried(d, received_ns)
    if d.sequenced == 0:
        d.outstanding = U(0)
    elif gap < _FAR_FORWARD:
        if gap > _JUMP_FACTOR * far_back + carried:
            d.resets += U(1)
            d.outstanding = U(0)
        else:
            d.missed += gap
            d.outstanding += gap
            d.window_units += gap
    else:
        back = (U(0x1_0000_0000) - gap) & _M32
        run = d.late_run + 1 if d.late_run > 0 and sequence == U(d.late_next) else 1
        d.late_next = following
        d.late_run = run
        if back > far_back or run >= _LATE_RUN:
            d.resets += U(1)
            d.outstanding = U(0)
        else:
            forward = False
            if units > U(0) and d.outstanding >= units:
                d.outstanding -= units
                d.late += units
            else:
                d.repeated += U(1)
    if forward:
        d.window_units += units
        d.expected = following
        d.late_run = 0
        d.sequenced = 0 if uncounted else 1


@njit(inline="always")
def keep_uptime(d: Any, uptime: Any, received_ns: Any) -> None:
    """Keep an exporter's uptime; where it went back, its sequence begins anew."""
    if d.datagrams > U(0):
        back = (U(d.uptime_ms) - uptime) & _M32
        passed = (received_ns - d.seen_ns) // MS if received_ns > d.seen_ns else U(0)
        if back < U(0x8000_0000):
            restarted = back > _RESTART_MS
        else:  # forward
            restarted = U(0x1_0000_0000) - back > passed + _AHEAD_MS
        if restarted:
            if d.sequenced:
                d.resets += U(1)
            d.sequenced = 0
    d.uptime_ms = uptime
