import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from collectors.traffic.flows.sflow.sflow import SFlow
from tests.support.bounds import checked_cache
from tests.support.packets import ethernet, ipv4, tcp
from tests.support.sflow import batch, datagram, decoded, flow_sample, part, raw_header
from tests.support.sflow_fuzz import rich

ROOT = Path(__file__).parents[5]
FRAME = raw_header(ethernet(ipv4(tcp())))
SHARED = SFlow()


def fuzzed(rounds: int, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sflow_fuzz", str(rounds)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def test_damaged_datagrams_read_nothing_past_their_end() -> None:
    """With bounds checked an access past an array raises; without, another octet than theirs would change the sum."""
    checked = fuzzed(4_000, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=checked_cache())
    assert checked == fuzzed(4_000)


def test_cut_at_every_octet_the_whole_samples_before_the_cut_stand() -> None:
    one = flow_sample(FRAME)
    whole = datagram(one, flow_sample(FRAME, sequence=2))
    border = len(whole) - len(one)
    for length in range(len(whole)):
        cut = whole[:16] + length.to_bytes(4, "big") + whole[20:length]  # a sequence number each
        assert len(decoded(SHARED, [cut[:length]])) == (1 if length >= border else 0)


def test_octets_behind_the_last_sample_change_nothing() -> None:
    sflow = SFlow()
    whole = datagram(flow_sample(FRAME))
    assert decoded(sflow, [whole + b"\xff" * 100]).tobytes() == decoded(SFlow(), [whole]).tobytes()
    assert sflow.counts["malformed_datagram"] == sflow.counts["malformed_sample"] == 0


@pytest.mark.parametrize("length", [0xFFFF_FFFF, 0xFFFF_FFF8, 0x8000_0000, 2_000])
def test_a_length_that_lies_ends_its_sample_or_datagram(length: int) -> None:
    number = length.to_bytes(4, "big")
    sflow = SFlow()
    good = flow_sample(FRAME)
    lying_sample = good[:4] + number + good[8:]
    assert len(decoded(sflow, [datagram(good, lying_sample, good)])) == 1
    assert sflow.counts["malformed_sample"] == 1
    lying_record = flow_sample(FRAME[:4] + number + FRAME[8:])
    assert len(decoded(sflow, [datagram(lying_record, good, sequence=2)])) == 1
    lying_header = flow_sample(FRAME[:20] + number + FRAME[24:])
    assert len(decoded(sflow, [datagram(lying_header, good, sequence=3)])) == 1
    assert sflow.counts["malformed_record"] == 2


def test_counts_of_millions_cost_no_more_than_their_octets() -> None:
    sflow = SFlow()
    whole = bytearray(datagram(flow_sample(FRAME)))
    whole[24:28] = b"\xff\xff\xff\xff"  # samples
    whole[28 + 8 + 28 : 28 + 8 + 32] = b"\xff\xff\xff\xff"  # records of the sample
    assert len(decoded(sflow, [bytes(whole)])) == 1
    assert (sflow.counts["malformed_sample"], sflow.counts["malformed_record"]) == (1, 1)
    empty = datagram(*[part(9 << 12, b"")] * 1_000, sequence=2)
    assert len(decoded(sflow, [empty[:24] + b"\xff\xff\xff\xff" + empty[28:]])) == 0
    assert sflow.counts["unknown_sample"] == 1_000


def test_the_smallest_samples_have_their_rows() -> None:
    """No sample that gives a record is shorter than the rows were counted with."""
    samples = [flow_sample(raw_header(b"", length=60), sequence=number) for number in range(5_000)]
    sflow = SFlow()
    assert len(decoded(sflow, [datagram(*samples)])) == 5_000


def test_a_datagram_that_ends_with_the_buffer_is_read_to_its_end() -> None:
    whole = rich()
    buffer = np.frombuffer(b"\xee" * 3 + whole, np.uint8)
    index = np.array([(3, len(whole), 1, 5)], DATAGRAM)
    assert SFlow().decode(Datagrams(buffer, index)).tobytes() != b""
    expected = SFlow().decode(batch([whole], received_ns=5)).tobytes()
    assert SFlow().decode(Datagrams(buffer, index)).tobytes() == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_noise_gives_nothing_and_raises_nothing(noise: list[bytes]) -> None:
    before = SHARED.counts["malformed_datagram"]
    assert len(SHARED.decode(batch(noise))) == 0
    assert SHARED.counts["malformed_datagram"] == before + len(noise)
