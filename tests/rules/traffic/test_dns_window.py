"""The DNS messages of a window as columns: the same as a dict counts, row by row."""

import os
import subprocess
import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from netmon.api.traffic import DNS, Second
from rules.traffic.dns_failures.failures import FailureReader
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_window import Asked, DnsWindow
from tests.support.bounds import checked_cache

# Names of all lengths of a word and of the longest, which differ by one octet at one end.
TEXTS = [
    b"",
    b"a",
    b"b",
    b"www.abc",
    b"www.abcd",
    b"wwx.abcd",
    b"www.abcd.e",
    b"x" * 254,
    b"x" * 255,
    b"y" + b"x" * 254,
]
Row = tuple[int, int, bytes, int, int, int, int, bool]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),  # client
        st.integers(0, 2),  # server
        st.sampled_from(TEXTS),
        st.sampled_from([1, 16, 28]),
        st.integers(0, 1),  # whether it is an answer
        st.sampled_from([0, 2, 3, 5]),
        st.integers(12, 65_535),
        st.booleans(),  # whether the length stands there too
    ),
    max_size=90,
)


def messages(rows: list[Row]) -> NDArray[np.void]:
    table = np.zeros(len(rows), DNS)
    for row, (client, server, name, kind, response, code, size, said) in zip(table, rows, strict=True):
        row["client_hi"], row["client_lo"] = divmod(client, 2)
        row["server_hi"], row["server_lo"] = divmod(server, 2)
        row["name"], row["query_type"], row["response"], row["code"], row["size"] = name, kind, response, code, size
        row["name_length"] = len(name) if said else 200
    return table


@given(ROWS, st.integers(1, 4))
@settings(max_examples=60)
def test_names_and_what_was_asked_of_them(rows: list[Row], step: int) -> None:
    window, table = DnsWindow(), messages(rows)
    for _ in range(2):
        names = window.names(table, np.arange(len(rows))[::step])
        picked = rows[::step]
        assert names.texts == list(dict.fromkeys(row[2] for row in picked))
        assert [names.texts[number] for number in names.numbers] == [row[2] for row in picked]
        wanted = np.array([len(text) > 1 for text in names.texts], np.bool_)
        expected: dict[tuple[int, bytes, int], list[int]] = {}
        for client, _, name, kind, response, _, size, _ in picked:
            if len(name) > 1:
                counts = expected.setdefault((client, name, kind), [0, 0, 0])
                counts[0] += 1
                counts[1] += not response
                counts[2] += size * response
        assert window.asked(table, names, wanted) == [
            Asked(divmod(client, 2), kind, names.texts.index(name), *counts)
            for (client, name, kind), counts in expected.items()
        ]


@given(ROWS, st.integers(1, 30), st.sampled_from([0.3, 0.7, 1.0]))
@settings(max_examples=60)
def test_what_failed(rows: list[Row], times: int, unanswered: float) -> None:
    rows *= times
    asked: dict[int, list[int]] = {}
    for row in rows:
        asked.setdefault(row[1], [0, 0])[row[4]] += 1
    expected = [
        (row[2].decode(), divmod(row[1], 2), row[5] == 3)
        for row in rows
        if row[2]
        and (
            row[5] in {2, 3}
            if row[4]
            else asked[row[1]][0] >= 20 and asked[row[1]][1] <= (1 - unanswered) * asked[row[1]][0]
        )
    ]
    reader = FailureReader(DnsFailureSettings(unanswered_share=unanswered, rows_per_s=1_000_000))
    told = reader.read(Second(0.0, 1.0, dns=messages(rows)))
    assert [(each.name, each.server, each.absent) for each in told.rows] == expected
    assert reader.skipped == 0


ASK = """
import random
import numpy as np
from netmon.api.traffic import DNS
from rules.traffic.dns_kernel import mark_vain, name_keys

chance = random.Random(5)
for count in (0, 1, 2, 90, 300):
    rows = np.frombuffer(chance.randbytes(count * DNS.itemsize), DNS)
    octets = rows.view(np.uint8).reshape(count, DNS.itemsize)[:, -255:]
    for step in (1, 3, 1000):
        places = np.arange(count)[::step].copy()
        keys, lengths = np.zeros(len(places), np.uint64), np.zeros(len(places), np.uint8)
        name_keys(rows, octets, places, 7, keys, lengths)
        assert [len(name) for name in rows["name"][::step]] == lengths.tolist()
    for size in (1, 64, 1024):  # a table that is too small too
        slots, numbers = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
        servers, asked, told = np.full((3, count), 2**32 - 1, np.uint32)
        vain = np.full(count, 7, np.uint8)
        mark_vain(rows, 1, 0.5, 7, slots, numbers, servers, asked, told, vain)
        assert set(vain.tolist()) <= {0, 1}
print("sound")
"""


def test_no_loop_leaves_its_arrays() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "sound\n"), done.stderr
