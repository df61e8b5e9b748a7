"""When the ring sleeps before it looks for the next block: only while blocks fill fast, and not for long."""

import numpy as np
import pytest

from collectors.traffic.capture.ring import Ring
from collectors.traffic.capture.settings import RingSettings

_FULL, _TIMED_OUT = 1, 1 | 0x20  # TP_STATUS_USER, TP_STATUS_BLK_TMO


def ring_behind(status: int, took_ns: int, **settings: int) -> Ring:
    """Return a ring that has just read its second block, which took so long to fill."""
    ring = Ring("none0", RingSettings(block_bytes=65_536, **settings))
    ring._words = np.zeros(2 * 65_536 // 4, np.uint32)
    ring._reading = 1
    head = ring._words[65_536 // 4 :]
    first_ns, last_ns = 999_900_000, 999_900_000 + took_ns  # over the end of a second
    head[2], head[8], head[9] = status, 1_700_000_000, first_ns
    head[10], head[11] = 1_700_000_000 + last_ns // 1_000_000_000, last_ns % 1_000_000_000
    return ring


@pytest.mark.parametrize(
    ("status", "took_ns", "blocks", "kept", "sleeps_s"),
    [
        (_FULL, 1_000_000, 128, 32, 0.004),
        (_FULL, 200_000, 128, 32, 0.0024),  # an eighth of what is free
        (_FULL, 200_000, 8, 0, 0.0002),
        (_FULL, 200_000, 8, 4, 0.0001),
        (_FULL, 5_000_000, 128, 32, 0.0),  # the next one comes later than we would wake
        (_TIMED_OUT, 200_000, 128, 32, 0.0),
        (_FULL, 0, 128, 32, 0.0),  # one packet, or a clock that was set
    ],
)
def test_the_longest_sleep(status: int, took_ns: int, blocks: int, kept: int, sleeps_s: float) -> None:
    ring = ring_behind(status, took_ns, blocks=blocks, kept_blocks=kept)
    assert ring._gather_s() == pytest.approx(sleeps_s)


def test_nothing_was_read_yet() -> None:
    ring = ring_behind(_FULL, 1_000_000)
    ring._reading = -1
    assert ring._gather_s() == 0
