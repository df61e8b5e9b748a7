"""Who is judged, and who is joined with whom, against plain Python."""

from ipaddress import ip_network

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.networks import Networks, Place
from netmon.api.traffic import ENDPOINT, RECORD, halves
from rules.traffic.floods.join_kernel import BITS, choose, join

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
    rows, bits = table(judged), np.zeros(BITS // 64, np.uint64)
    join(rows["hi"].copy(), rows["lo"].copy(), table(others), sample, index, bits, of_others, of_sample)
    place, row = ({address: at for at, address in enumerate(addresses)} for addresses in (others, judged))
    assert of_others.tolist() == [place.get(address, -1) for address in judged]
    assert of_sample.tolist() == [row.get(address, -1) for address in sampled]


OURS = Networks([Place(ip_network("10.0.0.0/8")), Place(ip_network("10.9.0.0/16"), "here", protected=True)])
PLACES = {
    "10.9.0.1": True,
    "10.9.255.255": True,
    "10.8.0.1": False,
    "239.1.2.3": None,  # of many
    "224.0.0.0": None,
    "255.255.255.255": None,
    "223.255.255.255": False,
    "ff02::1": None,
    "2001:db8::1": False,
    "feff::1": False,
    "0.0.0.0": False,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(PLACES)), st.integers(0, 4)), max_size=30))
def test_who_received_enough_and_is_one_machine_is_chosen_by_where_it_is(seen: list[tuple[str, int]]) -> None:
    rows = table([halves(address) for address, _ in seen])
    rows["packets"] = [count for _, count in seen]
    protected = OURS.of_places[1]
    for wanted, said in ((protected, True), (~protected, False)):
        places, hi, lo = np.zeros(len(rows), np.int32), np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64)
        count = int(choose(rows, 1.5, OURS.lookup, wanted, places, hi, lo))
        expected = [row for row, (address, many) in enumerate(seen) if many >= 2 and PLACES[address] is said]
        assert places[:count].tolist() == expected
        assert list(zip(hi[:count].tolist(), lo[:count].tolist(), strict=True)) == [
            halves(seen[row][0]) for row in expected
        ]
