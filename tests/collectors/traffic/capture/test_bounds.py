"""The compiled loops over damaged octets with every index checked: in a process of its own, compiled anew."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.bounds import checked_cache

REPOSITORY = Path(__file__).parents[4]
CHILD = """
import random
import sys
import types
import numpy as np
names = "decode", "decode_noting", "NO_TAGS", "NO_TIMES"
sys.modules["collectors.traffic.packet.decode_kernel"] = types.SimpleNamespace(**dict.fromkeys(names))
from collectors.traffic.capture.pack_kernel import pack
from collectors.traffic.capture.ring_kernel import CURSOR, point, put_away, ready, walk_block, walk_next
from collectors.traffic.capture.pcapng_kernel import INTERFACE, walk_pcapng
from collectors.traffic.capture.walk_kernel import WALK, walk_pcap
from netmon.api.traffic import FRAME, RECORD
from tests.support.captures import FRAME as OCTETS, Pcapng, pcap

source = random.Random(11)
little, big = Pcapng("<"), Pcapng(">")
ng = b"".join(
    each.section() + each.interface(resolution=0x8A, offset_s=-5, snaplen=20) + each.enhanced(OCTETS, 9)
    + each.block(5, bytes(20)) + each.simple(OCTETS, 46) + each.obsolete(OCTETS, 9) for each in (little, big)
)
plain = pcap([(10**18, OCTETS), (5, OCTETS)])[24:]
frames, records, tags = np.zeros(8, FRAME), np.zeros(8, RECORD), np.zeros(8, np.uint32)
times = np.zeros(8, np.uint64)
interfaces, out = np.zeros(2, INTERFACE), np.zeros(200, np.uint8)
total = 0

def damaged(seed):
    octets = bytearray(seed[: source.randrange(1, len(seed) + 1)])
    for _ in range(source.randrange(5)):
        octets[source.randrange(len(octets))] = source.choice([0, 1, 2, 3, 4, 8, 127, 128, 255])
    return np.frombuffer(octets, np.uint8)

for turn in range(6_000):
    walk = np.zeros(1, WALK)
    if turn % 3 == 0:
        buffer = damaged(plain)
        walk["header"] = source.choice([16, 24])
        count = walk_pcap(buffer, len(buffer), walk, frames, records)
    elif turn % 3 == 1:
        buffer = damaged(ng)
        count = walk_pcapng(buffer, len(buffer), walk, interfaces, frames, records)
    else:  # the kernel does not lie; what it gives is held against the block's end all the same
        buffer = np.frombuffer(source.randbytes(256), np.uint8).copy()
        buffer[0:4] = buffer[24:26] = 0
        words, halves = buffer.view(np.uint32), buffer.view(np.uint16)
        words[0] = source.choice([0, 48, 64, 2**31])
        cursor = np.zeros(CURSOR, np.uint64)
        if turn % 2:
            cursor[:] = source.choice([0, 48, 64, 256]), source.randrange(12), 256
            row = source.randrange(9)
            count = walk_block(words, halves, cursor, frames, times, tags, np.uint64(row))
            assert row <= count <= 8
            frames[:row] = 0
        else:
            most = source.choice([1, 3])
            state = np.array([4, 16, source.randrange(3), most, source.randrange(4), 0, 0, 0], np.uint64)
            words[2::16] = [source.choice([0, 1, 1, 0x21]) for _ in range(4)]
            words[3::16], words[4::16] = source.randrange(9), source.choice([0, 48, 2**31])
            for _ in range(9):
                count = walk_next(words, halves, state, cursor, frames, times, tags)
                point(words, state, np.uint64(source.randrange(4)), cursor.copy())
                if not cursor[1] and state[7] == state[5]:
                    put_away(words, state)
                ready(words, state)
        records["start_ns"] = times
    ends = frames["at"][:count] + frames["captured"][:count]
    assert (ends[frames["captured"][:count] > 0] <= len(buffer)).all(), turn
    pack(buffer, frames[:count], records["start_ns"][:count], tags[:count], 0, out, source.randrange(-5, 300))
    total += int(count)
print("frames", total > 2_000)
"""


def test_no_index_leaves_its_array() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-B", "-c", CHILD],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.stdout == "frames True\n"
