"""Who is flooded, as other judges are told."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.traffic.flooding import Flooding
from rules.traffic.learned import hashed

KEEP_S = 660.0
WINDOWS = st.lists(st.tuples(st.integers(1, 400), st.sets(st.integers(0, 5)), st.integers(1, 12)), max_size=25)


@given(WINDOWS, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6_000)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_it_is_known_from_the_first_word_to_the_last_and_then_forgotten(
    windows: list[tuple[int, set[int], int]], asked: list[tuple[int, int]]
) -> None:
    flooding, plain, at = Flooding(), dict[int, tuple[int, int]](), 1_000
    for step, hosts, lasts in windows:
        at += step
        lo = np.array(sorted(hosts), np.uint64)
        flooding.take("udp_flood", np.zeros_like(lo), lo, at, at + lasts)
        plain = {host: span for host, span in plain.items() if span[1] > at + lasts - KEEP_S}
        for host in hosts:
            since, until = plain.get(host, (at, at))
            plain[host] = min(since, at), max(until, at + lasts)
    lo = np.array([host for host, _ in asked], np.uint64)
    times = np.array([when for _, when in asked], np.uint64) * np.uint64(10**9)
    wanted = [host in plain and plain[host][0] <= when < plain[host][1] for host, when in asked]
    assert flooding.among("udp_flood", hashed(np.zeros_like(lo), lo), times).tolist() == wanted
    assert not flooding.among("connection_flood", hashed(np.zeros_like(lo), lo), times).any()


def test_it_does_not_grow_with_the_number_of_victims() -> None:
    flooding = Flooding()
    for second in range(20):
        lo = np.arange(1_000, dtype=np.uint64) + np.uint64(1_000 * second)
        flooding.take("udp_flood", np.zeros_like(lo), lo, second, second + 1)
    every = np.arange(20_000, dtype=np.uint64)
    known = [flooding.lasts("udp_flood", np.zeros_like(every), every, second + 0.5).sum() for second in range(20)]
    assert sum(known) == 4_096
    assert known[-4:] == [1_000] * 4
