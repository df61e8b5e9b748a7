"""Volumes are those of the tables, to the octet, whatever the records are."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from netmon.api.traffic import MAPPED, RECORD
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables
from rules.traffic.tables.volumes import Volumes
from rules.traffic.tables.volumes_kernel import VOLUME

ADDRESSES = [(0, MAPPED | 1), (0, MAPPED | 2), (0, MAPPED | 3), (0x2001_0DB8 << 32, 1), (0x2001_0DB8 << 32, 2)]
RECORDS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(ADDRESSES),
        "destination": st.sampled_from(ADDRESSES),
        "version": st.sampled_from([0, 4, 6]),
        "protocol": st.sampled_from([1, 6, 17, 47, 58, 132]),
        "source_port": st.sampled_from([0, 53, 443, 50_000]),
        "destination_port": st.sampled_from([0, 53, 443, 50_001]),
        "bytes": st.integers(0, 1 << 40),
        "packets": st.sampled_from([0, 1, 2, 1000, 1 << 31]),
        "reply_bytes": st.integers(0, 1 << 40),
        "reply_packets": st.sampled_from([0, 0, 1, 3]),
        "sampling": st.sampled_from([1, 1000]),
        "tcp_flags": st.sampled_from([0, 2, 18, 27]),
        "fragment": st.integers(0, 2),
        "end_ns": st.sampled_from([0, 500]),
    }
)


def made(given_: list[dict[str, Any]]) -> NDArray[np.void]:
    records = np.zeros(len(given_), RECORD)
    for row, one in zip(records, given_, strict=True):
        for name, value in one.items():
            if name in ("source", "destination"):
                row[f"{name}_hi"], row[f"{name}_lo"] = value
            else:
                row[name] = value
    return records


def by_address(rows: NDArray[np.void]) -> dict[tuple[int, int], tuple[int, int]]:
    most = 0xFFFF_FFFF  # packets that an ENDPOINT can tell
    return {(int(row["hi"]), int(row["lo"])): (int(row["bytes"]), min(int(row["packets"]), most)) for row in rows}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(RECORDS, max_size=150), min_size=1, max_size=3))
def test_they_are_those_of_the_tables(windows: list[list[dict[str, Any]]]) -> None:
    tables, volumes = Tables(seed=1), Volumes(seed=2)
    for number, given_ in enumerate(windows):
        records = made(given_)
        tables.add(records)
        volumes.add(records[: len(records) // 2])
        volumes.add(records[len(records) // 2 :])
        plain = tables.drain(number, number + 1, live=False)
        second = volumes.drain(number, number + 1)
        for name in ("records", "packets", "bytes", "start", "end", "live"):
            assert getattr(second, name) == getattr(plain, name)
        for name in ("sources", "destinations"):
            told = getattr(second, name)
            assert told.dtype == VOLUME
            assert len(told) == len(by_address(told))
            assert by_address(told) == by_address(getattr(plain, name))
        assert np.sort(second.ports).tolist() == np.sort(plain.ports).tolist()


def test_a_flow_that_lasted_long_counts_whole() -> None:
    records = made([{"version": 4, "protocol": 6, "packets": 100, "bytes": 10_000, "end_ns": 60_000_000_000}])
    volumes = Volumes()
    volumes.add(records)
    second = volumes.drain(0, 10)
    assert (second.packets, second.bytes) == (100, 10_000)
    assert second.sources["bytes"].tolist() == [10_000]


def test_addresses_without_room_are_counted() -> None:
    records = np.zeros(1000, RECORD)
    records["version"], records["packets"], records["bytes"] = 4, 2, 100
    records["source_lo"] = MAPPED + np.arange(1000, dtype=np.uint64)
    volumes = Volumes(TablesSettings(rows=64))
    for _ in range(2):
        volumes.add(records)
        second = volumes.drain(0, 1)
        assert (len(second.sources), len(second.destinations), second.unlisted) == (64, 1, {"sources": 936})
        assert int(second.destinations["packets"][0]) == 2000
    assert volumes.drain(1, 2).unlisted == {}
