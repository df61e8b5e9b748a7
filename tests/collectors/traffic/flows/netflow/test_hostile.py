"""Datagrams that lie, end early, or are nonsense: counted, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.flows.datagrams import Datagrams
from collectors.traffic.flows.netflow.decoder import NetFlow
from tests.support import netflow_fuzz
from tests.support.bounds import checked_cache
from tests.support.exporters import batch, flowset, ipfix, mixed, number, template, v5, v5_record, v9

DEFINE = template(300, (1, 4), (2, 4))
DATA = number(100, 4) + number(7, 4)


def counted(netflow: NetFlow) -> dict[str, int]:
    return {reason: count for reason, count in netflow.counts.dropped.items() if count}


@pytest.mark.parametrize("seed", range(len(netflow_fuzz.seeds())))
def test_cut_at_every_octet(seed: int) -> None:
    """Each cut is a datagram of its own between others in one buffer: what stands behind it is not read."""
    whole = netflow_fuzz.seeds()[seed]
    for size in range(len(whole)):
        netflow = NetFlow(netflow_fuzz.LIMITS)
        cut = batch(whole, whole)
        cut.index["length"][0] = size
        netflow.decode(cut)
        alone = NetFlow(netflow_fuzz.LIMITS)
        alone.decode(mixed([(1, whole[:size]), (1, whole)]))
        assert netflow.counts == alone.counts
        assert netflow.counts.datagrams == 2
        header = {5: 24, 9: 20, 10: 16}[whole[1]]
        if size < header:
            assert netflow.counts.dropped["short"] == 1


def test_trailing_octets() -> None:
    netflow = NetFlow()
    messages = [v5([v5_record()]), ipfix(flowset(2, DEFINE), flowset(300, DATA))]
    assert len(netflow.decode(batch(*(message + b"\1\2\3\4\5" for message in messages)))) == 2
    assert netflow.counts.trailing_octets == 10
    assert counted(netflow) == {}


LIES = {
    "empty": (b"", "short"),
    "one octet": (b"\0", "short"),
    "another version": (b"\0\x08" + b"\0" * 40, "version"),
    "zeros": (b"\0" * 64, "version"),
    "v5 with more records than there are": (v5([v5_record()])[:2] + b"\0\2" + v5([v5_record()])[4:], "short"),
    "ipfix longer than the datagram": (ipfix(flowset(300, DATA))[:-1], "short"),
    "ipfix shorter than its header": (b"\0\x0a\0\x0f" + b"\0" * 12, "short"),
    "set of length 0": (v9(b"\1\0\0\0" + b"\0" * 8), "bad_set"),
    "set of length 3": (v9(b"\1\0\0\3" + b"\0" * 8), "bad_set"),
    "set beyond the datagram": (v9(b"\1\0\0\x21" + b"\0" * 8), "bad_set"),
    "set of a reserved number": (v9(flowset(77, b"1234")), "reserved_set"),
    "v9's template set in ipfix": (ipfix(flowset(0, DEFINE)), "reserved_set"),
    "text longer than its set": (
        ipfix(flowset(2, template(300, (371, 65_535))), flowset(300, b"\x05abc")),
        "bad_record",
    ),
    "text of a long length cut": (
        ipfix(flowset(2, template(300, (371, 65_535))), flowset(300, b"\xff\0")),
        "bad_record",
    ),
}


@pytest.mark.parametrize("case", LIES)
def test_lies_are_counted(case: str) -> None:
    message, reason = LIES[case]
    netflow = NetFlow()
    good = v9(flowset(0, DEFINE), flowset(300, DATA))
    assert len(netflow.decode(batch(message, good, message))) == 1
    assert counted(netflow) == {reason: 2}


def test_what_stands_before_a_lie_is_read() -> None:
    netflow = NetFlow()
    assert len(netflow.decode(batch(v9(flowset(0, DEFINE), flowset(300, DATA), b"\1\x2c\0\2")))) == 1
    assert counted(netflow) == {"bad_set": 1}


def test_a_buffer_that_may_not_be_written() -> None:
    given_ = batch(v5([v5_record()]))
    frozen = np.frombuffer(given_.buffer.tobytes(), np.uint8)
    index = given_.index.repeat(2)[::2]
    index.flags.writeable = False
    assert len(NetFlow().decode(Datagrams(frozen, index))) == 1


@given(st.lists(st.binary(max_size=80), max_size=4), st.sampled_from([9, 10]))
def test_any_sets(contents: list[bytes], version: int) -> None:
    netflow = NetFlow(netflow_fuzz.LIMITS)
    message = v9(*contents) if version == 9 else ipfix(*contents)
    netflow.decode(batch(message, message))
    assert netflow.counts.datagrams == 2


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 1, 2, 4, 8, 16, 65_534, 65_535])), max_size=40))
def test_any_template(fields: list[tuple[int, int]]) -> None:
    netflow = NetFlow(netflow_fuzz.LIMITS)
    define = flowset(2, template(300, *fields))
    netflow.decode(batch(ipfix(define, flowset(300, b"\x01\xff\0\2" * 60)), ipfix(flowset(300, b"\0" * 100))))
    assert netflow.counts.datagrams == 2


def test_mutations() -> None:
    netflow_fuzz.fuzz(600, seed=1)


def test_mutations_with_bounds_checked() -> None:
    env = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    command = [sys.executable, "-m", "tests.support.netflow_fuzz", "400", "2"]
    root = Path(__file__).parents[5]
    ran = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
