"""Which of too many messages are read: those who say little are read whole."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.traffic.dns_share import FairShare


def plain_level(said: list[int], most: int) -> int:
    return max(level for level in range(max(said) + 1) if sum(min(count, level) for count in said) <= most)


@given(st.lists(st.integers(0, 9), max_size=200), st.integers(1, 60))
def test_each_client_has_as_many_as_all_may_have(clients: list[int], most: int) -> None:
    lo = np.array(clients, np.uint64)
    places, times = FairShare().of(np.zeros(len(lo), np.uint64), lo, most)
    assert len(places) <= most
    assert sorted(set(places.tolist())) == places.tolist()
    said = Counter(clients)
    kept = Counter(clients[place] for place in places.tolist())
    level = plain_level([*said.values(), 0], most)
    if len(clients) <= most:
        assert len(places) == len(clients)
    elif level:
        assert kept == {client: min(count, level) for client, count in said.items()}
        for client, count in kept.items():  # the first ones
            first = [place for place, each in enumerate(clients) if each == client][:count]
            assert [place for place in places.tolist() if clients[place] == client] == first
    else:
        assert set(kept.values()) == {1}
    if level or len(clients) <= most:
        assert np.isclose(times.sum(), len(clients))


def test_of_more_clients_than_there_is_room_for_some_are_read() -> None:
    places, times = FairShare().of(np.zeros(1_000, np.uint64), np.arange(1_000, dtype=np.uint64), 100)
    assert len(places) == 100
    assert times.tolist() == [10] * 100
