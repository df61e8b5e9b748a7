"""Whatever comes: cut at every octet, with octets behind, mutated, with lengths that lie. Nothing outside is read."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.packet.decode import allocate, warm_up
from collectors.traffic.packet.decode_kernel import decode
from netmon.api.traffic import FRAME, RECORD, Verdict
from tests.support.bounds import checked_cache
from tests.support.packet_fuzz import LINK_TYPES, check, fuzz
from tests.support.packet_stacks import ALL_TUNNELS, frame, tunnelled
from tests.support.packets import decoded, ethernet, ipv4, udp

_ROOT: Final = Path(__file__).parents[4]

# What a part of a frame may say of it: the same as the whole, or nothing.
_STEADY: Final = (  # noqa: SIM905  # quoted, they read worse
    "source_hi source_lo destination_hi destination_lo source_mac destination_mac source_port "
    "destination_port vlan inner_vlan mpls tcp_flags icmp_type icmp_code tos ttl version payload_at "
    "tunnel"
).split()


def fields(record: Any) -> dict[str, int]:
    return {name: int(record[name]) for name in RECORD.names or ()}


def test_a_frame_cut_at_every_octet_says_what_it_said_or_nothing() -> None:
    random = Random(5)
    for _ in range(150):
        whole = frame(random)
        cut = [whole[:length] for length in range(len(whole) + 1)]
        records = decoded(cut, wire=[len(whole)] * len(cut)).records
        last = fields(records[-1])
        for length, record in enumerate(records):
            for name in _STEADY:
                assert record[name] in {0, last[name]}, (name, length, whole.hex())
            assert record["payload_at"] + record["payload_length"] <= length
            assert record["bytes"] == len(whole)
        assert {Verdict(int(v)) for v in records["verdict"]} <= set(Verdict) - {
            Verdict.BAD_TUNNEL,
            Verdict.UNKNOWN_LINK,
        }


def test_a_tunnel_cut_at_every_octet_is_the_outer_packet_or_the_inner() -> None:
    random = Random(6)
    for _ in range(100):
        whole, kind = tunnelled(random)
        cut = [whole[:length] for length in range(len(whole) + 1)]
        wire = [len(whole)] * len(cut)
        outer, inner = decoded(cut, wire=wire).records, decoded(cut, 1, ALL_TUNNELS, wire=wire).records
        assert inner["tunnel"][-1] == kind
        for before, after in zip(outer, inner, strict=True):
            if after["tunnel"]:
                assert after["source_lo"] == inner["source_lo"][-1]
                continue
            for name in _STEADY:
                assert before[name] == after[name]
            assert after["verdict"] in {before["verdict"], Verdict.BAD_TUNNEL}


@pytest.mark.parametrize("link_type", sorted(set(LINK_TYPES)))
def test_a_frame_of_no_octets(link_type: int) -> None:
    record = decoded([b""], link_type, ALL_TUNNELS).records[0]
    assert record["verdict"] not in {Verdict.OK, Verdict.NOT_IP}
    assert (record["version"], record["payload_at"], record["payload_length"]) == (0, 0, 0)


def test_octets_behind_a_datagram_change_nothing() -> None:
    random = Random(7)
    for _ in range(200):
        whole = frame(random)
        short, long = decoded([whole, whole + random.randbytes(random.randrange(1, 40))]).records
        if short["verdict"] == Verdict.NOT_IP:
            continue
        assert {**fields(short), "bytes": 0} == {**fields(long), "bytes": 0}


@settings(max_examples=60)
@given(st.binary(max_size=120), st.sampled_from(LINK_TYPES), st.integers(0, 2**32 - 1), st.integers(0, ALL_TUNNELS))
def test_any_octets_of_any_link(octets: bytes, link_type: int, wire: int, tunnels: int) -> None:
    check([octets], [wire], link_type, tunnels)


def test_mutated_frames_without_bounds_checks() -> None:
    verdicts = fuzz(1, 30_000)
    assert set(verdicts) == {verdict.name for verdict in Verdict}  # all of them are reached
    assert sum(verdicts.values()) >= 29_000


def test_mutated_frames_with_bounds_checks() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.packet_fuzz", "2", "60000"],
        env=environment,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("bounds checked: True")


@pytest.mark.parametrize(
    ("at", "captured"), [(0, 2**32 - 1), (2**64 - 1, 60), (2**63, 2**32 - 1), (30, 61), (61, 1), (10**6, 0)]
)
def test_an_index_that_lies_about_the_buffer(at: int, captured: int) -> None:
    octets = ethernet(ipv4(udp(b"abc")), pad=True)
    index, records = allocate(1)
    index[0] = (at, captured, 60)
    decode(np.frombuffer(octets, np.uint8), index, records, 1, 1, ALL_TUNNELS)
    assert records[0]["payload_length"] <= len(octets)
    assert (records[0]["version"] == 4) == (at == 0)  # everything that is there is read, nothing else


def test_what_the_reader_set_and_what_flows_have_stays() -> None:
    index = np.zeros(3, FRAME)
    records = np.zeros(3, RECORD)
    records.view(np.uint8)[:] = 0xA5  # what an array that is used again holds
    records["vlan"] = 0
    octets = np.frombuffer(ethernet(ipv4(udp(b"abc"))), np.uint8)
    index["captured"] = index["wire"] = len(octets)
    decode(octets, index, records, 2, 1, 0)
    fresh = decoded([octets.tobytes()]).records[0]
    for name in (RECORD.names or ())[2 : (RECORD.names or ()).index("reply_bytes")]:
        assert records[0][name] == records[1][name] == fresh[name], name
    assert records[0]["start_ns"] == records[0]["end_ns"] == 0xA5A5A5A5A5A5A5A5
    assert records[0]["reply_bytes"] == 0xA5A5A5A5A5A5A5A5
    assert records[2]["source_lo"] == 0xA5A5A5A5A5A5A5A5  # beyond `count`


def test_a_count_beyond_the_arrays_does_no_harm() -> None:
    index, records = allocate(2)
    decode(np.zeros(64, np.uint8), index, records, 1000, 1, 0)
    decode(np.zeros(64, np.uint8), index, records, 0, 1, 0)
    warm_up()
    assert len(records) == 2
