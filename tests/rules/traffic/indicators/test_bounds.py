"""The compiled look-ups never leave their arrays: the same questions with numba's bounds checking on."""

import os
import subprocess
import sys

from tests.support.bounds import checked_cache

ASK = """
import random
import numpy as np
from netmon.api.networks import PrefixMap
from netmon.api.traffic import RECORD
from rules.traffic.indicators.matching_kernel import fill, find_ends, find_names, hash_names


chance = random.Random(5)
for count in (0, 1, 7, 200):
    keys = np.array([chance.getrandbits(64) for _ in range(2 * count)], np.uint64).reshape(count, 2)
    slots = np.zeros(1 << max(2 * count, 1).bit_length(), np.uint32)
    fill(slots, keys)
    flows, found, nobody = np.zeros(count, RECORD), np.full(count, -1, np.int64), PrefixMap(()).lookup
    flows["source_hi"], flows["source_lo"] = keys[:, 0], keys[:, 1]
    find_ends(flows, True, nobody, np.zeros(1, np.bool_), slots, keys, nobody, found)
    assert sorted(found.tolist()) == list(range(count))
for count in (0, 1, 50):
    names = np.frombuffer(chance.randbytes(count * 255), np.uint8).reshape(count, 255)
    lengths = np.frombuffer(chance.randbytes(count), np.uint8)
    text = names[:, :40].tobytes() or b"."
    ends = np.array([chance.randrange(len(text) + 400) for _ in range(count)], np.uint64)
    begins = np.array([chance.randrange(len(text) + 400) for _ in range(count)], np.uint64)
    keys = np.zeros((count, 2), np.uint64)
    hash_names(np.frombuffer(text, np.uint8), begins, ends, keys)
    slots = np.zeros(1 << max(2 * count, 1).bit_length(), np.uint32)
    fill(slots, keys)
    found = np.zeros(count, np.int64)
    find_names(slots, keys, np.ascontiguousarray(names), lengths, found)
    assert ((found >= -1) & (found < max(count, 1))).all()
print("sound")
"""


def test_no_look_up_leaves_its_arrays() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "sound\n"), done.stderr
