"""Pairs of few contacts and the users of networks, against the same kept in plain dictionaries."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.traffic import MAPPED, RECORD
from rules.traffic.hidden.acquaintances import Acquaintances
from rules.traffic.hidden.beacon_kernel import DONE, GROWN, WAYS
from rules.traffic.learned import hashed

APART_S = 2.0
COMMON = 3
contact = st.tuples(
    st.integers(0, 3),  # the pair
    st.integers(0, 40_000),  # tenths of a second
    st.integers(1, 3),  # source port
    st.sampled_from([16, 18, 27]),
    st.integers(0, 100_000),
)


@dataclass
class Plain:
    """What is remembered of a pair, by the book."""

    first_s: float = 0.0
    last_s: float = 0.0
    ports: list[int] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    octets: list[float] = field(default_factory=list)

    def take(self, at: float, port: int, flags: int, octets: int) -> None:
        if not self.ports:
            self.first_s = self.last_s = at
            self.ports, self.octets = [port], [float(octets)]
            return
        if port in self.ports and not flags & 2:
            return
        gap = at - self.last_s
        if gap < APART_S:
            if gap >= 0:
                self.octets[-1] += octets
            return
        self.gaps_s.append(gap)
        self.octets.append(float(octets))
        self.ports.append(port)
        self.last_s = at


def window(contacts: list[tuple[int, int, int, int, int]]) -> np.ndarray:
    rows = np.zeros(len(contacts), RECORD)
    for row, (pair, tenths, port, flags, octets) in zip(rows, contacts, strict=True):
        row["start_ns"], row["source_port"], row["tcp_flags"], row["bytes"] = tenths * 10**8, port, flags, octets
        row["source_lo"], row["destination_lo"] = MAPPED + 0x0A00_0000 + pair, MAPPED + 0x0808_0800 + pair
    return rows[np.argsort([pair for pair, *_ in contacts], kind="stable")]


@given(st.lists(st.lists(contact, min_size=1, max_size=20), max_size=6))
def test_pairs_of_few_contacts_are_what_each_contact_made_them(
    windows: list[list[tuple[int, int, int, int, int]]],
) -> None:
    kept, plain = Acquaintances(64, 64, COMMON), {pair: Plain() for pair in range(4)}
    grown: dict[int, Plain] = {}
    for number, contacts in enumerate(windows):
        flows = window(contacts)
        pairs, sizes = np.unique([pair for pair, *_ in contacts], return_counts=True)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        held = np.array([pair in grown for pair in pairs.tolist()])
        numbers = pairs.astype(np.uint64) + np.uint64(1)
        handled, risen = kept.take(flows, np.arange(len(flows)), edges, numbers, held, number + 1.0, APART_S)
        new = iter(risen)
        for place, pair in enumerate(pairs.tolist()):
            rows = flows[edges[place] : edges[place + 1]]
            rows = rows[np.argsort(rows["start_ns"], kind="stable")]
            if held[place]:
                assert handled[place] == 0
                continue
            taken = 0
            for row in rows:
                plain[pair].take(
                    int(row["start_ns"]) / 1e9, int(row["source_port"]), int(row["tcp_flags"]), int(row["bytes"])
                )
                taken += 1
                if len(plain[pair].ports) == GROWN:
                    break
            if len(plain[pair].ports) < GROWN:
                assert handled[place] == DONE
                continue
            assert handled[place] == taken
            got, grown[pair] = next(new), plain[pair]
            assert (float(got["first_s"]), float(got["last_s"])) == (plain[pair].first_s, plain[pair].last_s)
            assert got["ports"].tolist() == plain[pair].ports
            assert np.allclose(got["gaps_s"][: GROWN - 1], plain[pair].gaps_s, rtol=1e-6)
            assert np.allclose(got["octets"], plain[pair].octets, rtol=1e-5)
    assert kept.dropped == 0
    young = kept.young[kept.young["number"] > 0]
    assert {int(row["number"]) - 1: int(row["beats"]) for row in young} == {
        pair: len(one.ports) for pair, one in plain.items() if one.ports and pair not in grown
    }


def talk(kept: Acquaintances, host: int, outside: int, now: float) -> None:
    flows = np.zeros(1, RECORD)
    flows["source_lo"], flows["destination_lo"] = MAPPED + 0x0A00_0000 + host, MAPPED + 0x0808_0000 + outside
    number = hashed(flows["source_lo"], flows["destination_lo"])
    kept.take(flows, np.zeros(1, np.intp), np.array([0, 1]), number, np.zeros(1, np.bool_), now, APART_S)


def test_who_talks_to_a_network_is_counted_up_to_a_number_and_for_a_while() -> None:
    kept = Acquaintances(64, 64, COMMON)
    outside = (0, MAPPED + 0x0808_0005)
    for host, now in ((1, 10.0), (1, 11.0), (2, 12.0)):
        talk(kept, host, 5, now)
    assert kept.users(outside, -np.inf) == 2
    assert kept.users((0, MAPPED + 0x0808_00FF), -np.inf) == 2  # the same /24
    assert kept.users((0, MAPPED + 0x0808_0105), -np.inf) == 0
    for host in range(3, 9):
        talk(kept, host, 7, 20.0)
    assert kept.users(outside, -np.inf) == COMMON
    assert kept.users(outside, 15.0) == 1  # only one of three was seen since
    talk(kept, 4, 7, 21.0)
    assert kept.users(outside, 15.0) == 2


def test_room_is_bounded_and_what_is_forgotten_is_counted() -> None:
    kept = Acquaintances(2 * WAYS, 2 * WAYS, COMMON)
    for host in range(500):
        talk(kept, host, host << 8, float(host + 1))
    assert len(kept.young) == 2 * WAYS
    assert kept.dropped == 500 - np.count_nonzero(kept.young["number"])
    assert kept.young["seen"].max() == 500.0  # the newest is there
