"""The compiled passes are equal to plain numpy and dictionaries, on flows of which no two fields belong together."""

import os
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api.networks import Networks
from netmon.api.traffic import RECORD
from rules.traffic.memory import Memory
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import CONTACT, Kind, Outcome
from rules.traffic.scans.contacts import Reader, keyed
from rules.traffic.scans.settings import ScanSettings
from rules.traffic.scans.slow_scan import Walks, highest
from tests.rules.traffic.scans import reference
from tests.support.bounds import checked_cache

NUMBERING = Numbering(seed=3)
SEEDS = st.integers(0, 2**32)


def flows(seed: int, count: int) -> np.ndarray:
    """Return flows from small alphabets, so that all that matters happens."""
    draw = np.random.default_rng(seed)
    rows = np.zeros(count, RECORD)
    choices: dict[str, list[int]] = {
        "source_hi": [0, 0, 0x2001 << 48],
        "source_lo": [0xFFFF_0A01_0107, 0xFFFF_C633_6442, 7],
        "destination_hi": [0, 0, 0x2001 << 48, 0xFF02 << 48],
        "destination_lo": [0xFFFF_0A01_0107, 7, 0xFFFF_0A01_0150, 0xFFFF_0A01_01FF, 0xFFFF_E000_0001, 0xFFFF_0000_0001],
        "source_port": [53, 1_023, 1_024, 11_211, 40_000],
        "destination_port": [22, 80, 1_024, 33_433, 33_434, 33_529, 33_530, 65_535],
        "protocol": [6, 6, 6, 17, 1, 58, 47, 132, 132, 0, 2, 255],
        "tcp_flags": [0, 1, 2, 3, 4, 16, 17, 18, 20, 24, 26, 27, 31, 41, 194],
        "reply_tcp_flags": [0, 4, 16, 18, 20, 26, 27],
        "icmp_type": [0, 8, 13, 17, 128],
        "state": list(range(8)),
        "version": [4, 4, 6, 0],
        "fragment": [0, 0, 0, 1, 2],
        "packets": [0, 1, 2, 3, 4],
        "reply_packets": [0, 1, 2, 3],
        "bytes": [40, 44, 49, 50, 63, 64, 69, 70, 83, 84, 600, 601, 2_400],
        "reply_bytes": [0, 40, 600],
        "sampling": [0, 1, 2],
        "ttl": [0, 1, 32, 33],
        "exporter": [0, 1, 2],
    }
    for name, values in choices.items():
        rows[name] = draw.choice(np.array(values, np.uint64), count)
    rows["start_ns"] = draw.integers(0, 10**9, count)
    rows["tcp_flags"][(rows["protocol"] == 6) & (rows["exporter"] == 2)] = 0
    return rows


@given(SEEDS, st.integers(0, 300), st.booleans())
@settings(max_examples=60, deadline=None)
def test_contacts_are_those_of_the_reference(seed: int, count: int, live: bool) -> None:
    rows = flows(seed, count)
    expected = reference.contacts(rows, live=live)
    bad, opened = Reader(NUMBERING).read(rows, live=live)
    for given_, outcomes in (
        (bad, (Outcome.FAILED, Outcome.HALF, Outcome.SILENT)),
        (opened, (Outcome.GOOD, Outcome.HALF, Outcome.EMPTY, Outcome.PENDING)),
    ):
        wanted = expected[np.isin(expected["outcome"], outcomes)]
        order = np.argsort(given_["contact"])
        for name in (CONTACT.names or ())[:-2]:
            assert given_[name][order].tolist() == wanted[name][np.argsort(wanted["contact"])].tolist()


@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**64 - 1)), max_size=200))
@settings(max_examples=60, deadline=None)
def test_equal_keys_have_one_number_in_the_order_in_which_they_come(keys: list[int]) -> None:
    groups, count = NUMBERING.number(np.array(keys, np.uint64))
    known: dict[int, int] = {}
    assert groups.tolist() == [known.setdefault((key ^ int(NUMBERING.seed)) | 1, len(known)) for key in keys]
    assert count == len(known)


def contacts(draw: np.random.Generator, count: int) -> np.ndarray:
    rows = np.zeros(count, CONTACT)
    rows["source_lo"] = draw.zipf(1.3, count) % 300
    rows["destination_lo"] = draw.integers(0, 15, count)
    rows["protocol"] = draw.choice([6, 17, 1], count, p=[0.7, 0.2, 0.1])
    ports = draw.choice([22, 25, 53, 80, 161, *range(1_000, 1_010)], count)
    rows["port"] = np.where(rows["protocol"] == 1, 0, ports)
    rows["kind"] = draw.choice([Kind.SYN, Kind.CONNECT, Kind.UDP, Kind.ICMP], count)
    rows["outcome"] = draw.choice([Outcome.FAILED, Outcome.HALF, Outcome.GOOD], count, p=[0.5, 0.1, 0.4])
    return keyed(rows)


@given(SEEDS)
@settings(max_examples=4, deadline=None)
def test_walks_are_those_of_the_reference(seed: int) -> None:
    draw = np.random.default_rng(seed)
    own = ScanSettings(groups=4_000, forget_s=30, slow_ports=3, slow_hosts=3, concentration=0, alpha=1e-2, beta=0.1)
    walks = Walks(own, NUMBERING, Networks())
    expected = reference.Walks(*(float(walks._state[name][0]) for name in ("up", "down", "high", "low", "forget_s")))
    seen = 0
    for window in range(25):
        rows = contacts(draw, int(draw.integers(0, 200)))
        failed, good = (rows[np.isin(rows["outcome"], those)] for those in ((1, 3), (2,)))
        now = float(window if window < 20 else window + 40)
        above = set(expected.take(failed, good, now))
        groups = walks.take(failed, good, now)
        told = {(group.source, group.one_host, tuple(group.failed["contact"].tolist())) for group in groups}
        assert told <= above
        assert not any(one_host and len(bad) >= 3 for _, one_host, bad in above - told)
        assert len(walks) == len(expected.groups)
        seen += len(told)
    assert seen > 0


def test_groups_that_there_is_no_room_for_go_the_oldest_first() -> None:
    draw = np.random.default_rng(5)
    walks = Walks(ScanSettings(groups=16), NUMBERING, Networks())
    for window in range(50):
        rows = contacts(draw, 100)
        walks.take(rows[rows["outcome"] != Outcome.GOOD], rows[rows["outcome"] == Outcome.GOOD], float(window))
        assert len(walks) <= 16
        in_use = [np.count_nonzero(index) for index in walks._indices]
        assert in_use[0] == len(walks)
        assert in_use[1] <= in_use[0]
    assert walks.dropped > 0


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=30), SEEDS)
@settings(max_examples=60, deadline=None)
def test_memory_gives_what_a_list_would(windows: list[tuple[int, int]], seed: int) -> None:
    draw = np.random.default_rng(seed)
    memory = Memory(10.0, 20, CONTACT, "source")
    kept: list[tuple[float, list[tuple[object, ...]]]] = []
    now = 0.0
    for count, later in windows:
        now += later
        rows = np.zeros(count, CONTACT)
        rows["source"], rows["at_ns"] = draw.integers(0, 4, count), draw.integers(0, 1_000, count)
        memory.add(rows, now)
        kept = [part for part in kept if part[0] > now - 10.0]
        if count:
            kept.append((now, rows[:10].tolist()))
        while sum(len(part) for _, part in kept) > 20:
            kept.pop(0)
        everything = [row for _, part in kept for row in part]
        assert memory.rows.tolist() == everything
        keys = np.array([1, 3], np.uint64)
        assert {key: rows.tolist() for key, rows in memory.of("source", keys).items()} == {
            key: mine for key in (1, 3) if (mine := [row for row in everything if row[0] == key])
        }
        assert memory.rough("source", keys).tolist() == [sum(row[0] == key for row in everything) for key in (1, 3)]


FUZZ = """
import numpy as np
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD
from rules.traffic.guessing.attempts import Reader as Attempts
from rules.traffic.guessing.settings import GuessingSettings
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contacts import Reader
from rules.traffic.scans.settings import ScanSettings
from rules.traffic.scans.slow_scan import Walks, highest

chance = np.random.default_rng(5)
numbering = Numbering(seed=1)
contacts, attempts = Reader(numbering), Attempts(GuessingSettings())
walks = Walks(ScanSettings(groups=16, rows_per_window=64), numbering, Networks())
for window, count in enumerate((0, 1, 7, 300, 300, 300)):
    rows = np.frombuffer(chance.bytes(count * RECORD.itemsize), RECORD).copy()
    rows["protocol"] = chance.choice([1, 6, 17, 58], count)
    rows["destination_port"][::2] = 22
    for live in (True, False):
        bad, opened = contacts.read(rows, live=live)
        walks.take(bad, opened, float(window))
        attempts.note(rows)
        attempts.read(rows, live=live)
print("sound")
"""


def test_no_pass_leaves_its_arrays() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-c", FUZZ], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (0, "sound\n"), done.stderr


def test_keys_that_somebody_chose_for_one_slot_are_given_up_after_some_steps() -> None:
    inverse = pow(0x9E37_79B9_7F4A_7C15, -1, 2**64)
    chosen = [odd * inverse % 2**64 ^ int(NUMBERING.seed) for odd in range(1, 2_000, 2)]
    assert NUMBERING.number(np.array(chosen * 2, np.uint64))[1] == 2 * 1_000 - 64


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 60))
def test_the_highest_are_the_first_of_all_in_order(numbers: list[int], most: int) -> None:
    several = np.array(numbers)
    most = min(most, len(numbers))
    assert highest(several, most).tolist() == np.argsort(-several, kind="stable")[:most].tolist()
