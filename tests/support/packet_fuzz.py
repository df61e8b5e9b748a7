"""Frames that lie, decoded in two surroundings: also run as a program of its own, with numba checking all bounds.

`python -m tests.support.packet_fuzz SEED COUNT` prints how often each verdict came, and ends with 0 where all held.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

from collectors.traffic.packet.decode import allocate
from collectors.traffic.packet.decode_kernel import decode
from netmon.api.traffic import FRAME, Verdict
from tests.support.packet_stacks import ALL_TUNNELS, frame, tunnelled

LINK_TYPES = (1, 1, 1, 1, 0, 12, 14, 101, 108, 113, 228, 229, 276, 147)
_GUARD = 512


def placed(frames: Sequence[bytes], wire: Sequence[int], filling: int) -> tuple[NDArray[np.uint8], NDArray[np.void]]:
    """Lay frames into one buffer with a guard of the same octet around each, and return it with their index."""
    buffer = np.full(sum(len(one) + _GUARD for one in frames) + _GUARD, filling, np.uint8)
    index = np.zeros(len(frames), FRAME)
    at = _GUARD
    for row, one in enumerate(frames):
        buffer[at : at + len(one)] = np.frombuffer(one, np.uint8)
        index[row] = (at, len(one), wire[row])
        at += len(one) + _GUARD
    return buffer, index


def in_surroundings(
    frames: Sequence[bytes], wire: Sequence[int], filling: int, link_type: int, tunnels: int
) -> NDArray[np.void]:
    """Decode frames among octets that are not theirs."""
    buffer, index = placed(frames, wire, filling)
    _, records = allocate(len(frames))
    decode(buffer, index, records, len(frames), link_type, tunnels)
    return records


def mutated(random: Random, original: bytes) -> bytes:
    """A frame with a few octets changed, taken out or put in, or cut short; now and then nothing but noise."""
    out = bytearray(original)
    kind = random.randrange(8)
    if kind == 0:
        return random.randbytes(random.randrange(200))
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(min(len(out), random.choice([24, 60, 200]))) if out else 0
        what = random.randrange(4)
        if what == 0 and out:
            out[at] = random.choice([0, 1, 4, 6, 0x40, 0x45, 0x4F, 0x60, 0x7F, 0x80, 0xFF, random.randrange(256)])
        elif what == 1 and out:
            out[at] ^= 1 << random.randrange(8)
        elif what == 2:
            del out[at : at + random.randrange(1, 9)]
        else:
            out[at:at] = random.randbytes(random.randrange(1, 9))
    return bytes(out[: random.randrange(len(out) + 1)] if kind == 1 else out)


def check(frames: Sequence[bytes], wire: Sequence[int], link_type: int, tunnels: int) -> Counter[str]:
    """Decode frames twice and assert that nothing around them mattered and that what is said lies inside."""
    one = in_surroundings(frames, wire, 0xFF, link_type, tunnels)
    other = in_surroundings(frames, wire, 0x45, link_type, tunnels)
    assert one.tobytes() == other.tobytes()
    captured = np.array([len(frame_) for frame_ in frames], np.uint64)
    inside = one["payload_at"].astype(np.uint64) + one["payload_length"] <= captured
    assert inside.all(), frames[int(np.argmin(inside))].hex()
    return Counter(Verdict(int(verdict)).name for verdict in one["verdict"])


def fuzz(seed: int, count: int) -> Counter[str]:
    """Mutate and check so many frames."""
    random = Random(seed)
    verdicts: Counter[str] = Counter()
    originals = [frame(random) for _ in range(200)] + [tunnelled(random)[0] for _ in range(200)]
    for link_type in LINK_TYPES:
        chosen = [mutated(random, random.choice(originals)) for _ in range(count // len(LINK_TYPES))]
        # A link layer of another kind than Ethernet's before the same packets, often enough.
        strip = {101: 14, 12: 14, 14: 14, 228: 14, 229: 14, 0: 10, 108: 10, 113: 0, 276: 0}.get(link_type, 0)
        frames = [one[strip:] if random.randrange(4) else one for one in chosen]
        wire = [random.choice([len(one), len(one), len(one) + 9, 70_000, 3, 0, 0xFFFFFFFF]) for one in frames]
        verdicts += check(frames, wire, link_type, random.choice([0, ALL_TUNNELS, ALL_TUNNELS, ALL_TUNNELS]))
    return verdicts


@njit
def _beyond(array: Any, at: Any) -> Any:
    return array[at]


def bounds_are_checked() -> bool:
    """Tell whether compiled code notices an index that is too high, by trying."""
    try:
        _beyond(np.zeros(3, np.uint8), 3)
    except IndexError:
        return True
    return False


if __name__ == "__main__":
    asked = getattr(numba.config, "BOUNDSCHECK", None)  # numba sets its names at run time
    assert bool(asked) == bounds_are_checked()
    sys.stdout.write(f"bounds checked: {bounds_are_checked()} {dict(fuzz(int(sys.argv[1]), int(sys.argv[2])))}\n")
