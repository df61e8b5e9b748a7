"""What is packed comes back to the bit, in less room, whatever stands in it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from collectors.traffic.flowtable.packed import Packer, Parts, Unpacker
from netmon.api.traffic import RECORD

WORDS = RECORD.itemsize // 8
NUMBERS = st.one_of(st.just(0), st.just(2**64 - 1), st.integers(0, 255), st.integers(0, 2**64 - 1))


def records(words: NDArray[np.uint64]) -> NDArray[np.void]:
    return np.ascontiguousarray(words).view(RECORD).reshape(-1)


@given(st.lists(st.tuples(st.integers(0, WORDS - 1), st.integers(0, 40), NUMBERS), max_size=80), st.integers(1, 40))
@settings(deadline=None)
def test_any_records_come_back(set_: list[tuple[int, int, int]], count: int) -> None:
    words = np.full((count, WORDS), 0xFFFF_0A00_0001, np.uint64)
    for word, row, number in set_:
        words[row % count, word] = number
    rows = records(words)
    packed = Packer().pack(rows.copy())
    assert Unpacker().unpack([packed]).tobytes() == rows.tobytes()
    assert packed.width <= RECORD.itemsize
    assert [len(packed), packed.width == 0] == [count, bool((words == words[0]).all())]


def test_only_octets_that_differ_take_room() -> None:
    rows = np.zeros(1_000, RECORD)
    rows["source_lo"] = 0xFFFF_0A00_0000 + np.arange(1_000)  # two octets
    rows["destination_port"] = 1 + np.arange(1_000) % 2
    rows["exporter"], rows["end_ns"] = 7, 10**18
    rows["start_ns"][500] = 2**63
    assert Packer().pack(rows).width == 2 + 1 + 1


def test_parts_share_memory_with_nobody_who_holds_them() -> None:
    packer, rows = Packer(), np.zeros(300, RECORD)
    parts = []
    for turn in range(4):
        rows["bytes"] = np.arange(300) + turn
        parts.append(packer.pack(rows))
    given_ = Parts(parts, Unpacker())
    held = [part["bytes"].tolist() for part in given_]
    assert held == [[number + turn for turn in range(4) for number in range(300)]]
    assert (len(given_), given_.nbytes) == (1_200, sum(each.nbytes for each in parts))


def test_the_loops_stay_inside_their_arrays(tmp_path: Path) -> None:
    program = (
        "import numpy as np\n"
        "from tests.collectors.traffic.flowtable.test_packed import WORDS, Packer, Unpacker, records\n"
        "for width in (1, 3, 8):\n"
        "    words = np.arange(65 * WORDS, dtype=np.uint64).reshape(65, WORDS)\n"
        "    words[:, 2] *= np.uint64(1 << 8 * width - 7)\n"
        "    rows = records(words)\n"
        "    assert Unpacker().unpack([Packer().pack(rows)]).tobytes() == rows.tobytes()\n"
    )
    environment = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=100)
