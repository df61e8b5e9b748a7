"""When the ring sleeps before it looks for the next blocks: only while they fill fast, and not for long."""

import numpy as np
import pytest

from collectors.traffic.capture.blocks import Blocks
from collectors.traffic.capture.settings import RingSettings

_FULL, _TIMED_OUT = 1, 1 | 0x20  # TP_STATUS_USER, TP_STATUS_BLK_TMO


def blocks_behind(status: int, took_ns: int, **settings: int) -> Blocks:
    """Return a ring's blocks of which the first is being read, which took so long to fill."""
    made = RingSettings(block_bytes=65_536, **settings)
    octets = np.zeros(made.blocks * 65_536, np.uint8)
    blocks, head = Blocks(octets, made), octets.view(np.uint32)
    first_ns, last_ns = 999_900_000, 999_900_000 + took_ns  # over the end of a second
    head[2], head[8], head[9] = status, 1_700_000_000, first_ns
    head[10], head[11] = 1_700_000_000 + last_ns // 1_000_000_000, last_ns % 1_000_000_000
    assert blocks.walk() == 0
    return blocks


@pytest.mark.parametrize(
    ("status", "took_ns", "blocks", "kept", "sleeps_s"),
    [
        (_FULL, 4_000_000, 128, 32, 0.020),
        (_FULL, 200_000, 128, 32, 0.0016),  # as many as are read at once
        (_FULL, 200_000, 64, 32, 0.0008),  # an eighth of what is free
        (_FULL, 200_000, 8, 0, 0.0002),
        (_FULL, 200_000, 8, 4, 0.0001),
        (_FULL, 25_000_000, 128, 32, 0.0),  # the next one comes later than we would wake
        (_TIMED_OUT, 200_000, 128, 32, 0.0),
        (_FULL, 0, 128, 32, 0.0),  # one packet
        (_FULL, -1_000, 128, 32, 0.0),  # a clock that was set
    ],
)
def test_the_longest_sleep(status: int, took_ns: int, blocks: int, kept: int, sleeps_s: float) -> None:
    behind = blocks_behind(status, took_ns, blocks=blocks, kept_blocks=kept)
    assert behind.put_away() == pytest.approx(sleeps_s)
    assert behind.put_away() == 0  # nothing was read since
