"""How many addresses are told to send, from a sample of what they send."""

import numpy as np
import pytest

from rules.traffic.floods.senders import Senders, said, senders
from tests.rules.traffic.floods.ordinary import UDP, WEB, packets

FULL = 3_545.0  # what a sketch tells at most


def sampled(sources: int, each: int, share: float, others: int = 0) -> tuple[Senders, int]:
    """Estimate from a share of what so many sources send, each so much, beside others; and the peers there are."""
    draw = np.random.default_rng(sources)
    made = packets(source=1_000 + np.arange(sources).repeat(each), destination=WEB, protocol=UDP)
    beside = packets(source=1_000_000 + np.arange(others), destination=WEB, protocol=UDP) if others else made[:0]
    kind, rest = (them[draw.random(len(them)) < share] for them in (made, beside))
    peers = min(sources + others, FULL)
    return senders(kind, lambda: np.concatenate([kind, rest]), share, peers), len(np.unique(kind["source_lo"]))


@pytest.mark.parametrize(
    ("sources", "each", "share", "others"),
    [(2, 500, 0.5, 400), (300, 20, 0.2, 800), (6_000, 1, 0.3, 0), (20_000, 1, 0.1, 0), (1_500, 1, 0.02, 500)],
)
def test_the_senders_of_a_flood_are_estimated(sources: int, each: int, share: float, others: int) -> None:
    who, met = sampled(sources, each, share, others)
    assert who.met == met
    assert 0.75 * sources <= who.all <= 1.25 * sources


def test_all_of_them_are_counted() -> None:
    assert sampled(700, 1, 1.0, 500)[0] == Senders(700, 700)


def test_nobody_in_the_sample_is_told_by_the_peers() -> None:
    nothing = packets(source=[1], destination=WEB, protocol=UDP)[:0]
    assert senders(nothing, lambda: nothing, 0.1, 40.0) == Senders(0, 40)
    assert senders(nothing, lambda: nothing, 0.1, 0.0) == Senders(0, 1)


def test_what_is_estimated_is_said_so() -> None:
    assert [said(12, 12, "en"), said(1, 1, "en"), said(12, 1_234, "en")] == [
        "12 addresses", "1 address", "some 1,200 addresses",
    ]  # fmt: skip
    assert [said(12, 12, "id"), said(12, 1_234, "id")] == ["12 alamat", "sekitar 1.200 alamat"]
