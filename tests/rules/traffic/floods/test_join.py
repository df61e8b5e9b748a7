"""Who is joined with whom, against a plain dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.traffic import ENDPOINT, RECORD
from rules.traffic.floods.join_kernel import join

HALVES = st.tuples(st.sampled_from([0, 1, 1 << 63, (1 << 64) - 1]), st.integers(0, 40).map(lambda low: low << 58))
ADDRESSES = st.lists(HALVES, max_size=60, unique=True)


def table(addresses: list[tuple[int, int]]) -> np.ndarray:
    rows = np.zeros(len(addresses), ENDPOINT)
    for row, (high, low) in zip(rows, addresses, strict=True):
        row["hi"], row["lo"] = high, low
    return rows


@given(ADDRESSES, ADDRESSES, st.lists(HALVES, max_size=60))
def test_every_address_finds_its_own(
    judged: list[tuple[int, int]], others: list[tuple[int, int]], sampled: list[tuple[int, int]]
) -> None:
    sample = np.zeros(len(sampled), RECORD)
    for record, (high, low) in zip(sample, sampled, strict=True):
        record["destination_hi"], record["destination_lo"] = high, low
    index = np.zeros(1 << (2 * len(judged)).bit_length(), np.uint64)
    of_others, of_sample = np.full(len(judged), 7, np.int32), np.full(len(sampled), 7, np.int32)
    join(table(judged), table(others), sample, index, of_others, of_sample)
    place, row = ({address: at for at, address in enumerate(addresses)} for addresses in (others, judged))
    assert of_others.tolist() == [place.get(address, -1) for address in judged]
    assert of_sample.tolist() == [row.get(address, -1) for address in sampled]
