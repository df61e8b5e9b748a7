"""How many addresses are told to send, from a sample of what they send."""

import numpy as np
import pytest

from rules.traffic.floods.senders import Senders, said, said_of_all, senders
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
    assert [said(12, 12, "en"), said(1, 1, "en"), said(120, 1_234, "en")] == [
        "12 addresses", "1 address", "at least 500 addresses",
    ]  # fmt: skip
    assert [said(12, 12, "id"), said(120, 1_234, "id")] == ["12 alamat", "sedikitnya 500 alamat"]
    assert [said(0, each, "en") for each in (9, 19_999, 24_999, 51_000)] == [
        f"at least {each} addresses" for each in ("5", "10,000", "10,000", "20,000")
    ]
    assert [said(met, 2_000, "en") for met in (12, 1_300)] == ["at least 12 addresses", "at least 1,300 addresses"]


def test_a_whole_attack_has_at_least_as_many_as_its_busiest_window() -> None:
    assert [said_of_all(met, every, "en") for met, every in ((1, 1), (700, 700), (700, 11_400), (700, 14_200))] == [
        "1 address", "at least 700 addresses", "at least 5,000 addresses", "at least 10,000 addresses",
    ]  # fmt: skip
    assert said_of_all(700, 11_400, "id") == "sedikitnya 5.000 alamat"


@pytest.mark.parametrize("sources", [300, 1_000, 1_700, 6_000, 20_000])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_what_is_said_is_not_more_than_there_are(sources: int, share: float) -> None:
    for each in (1, 2, 5):
        who, _ = sampled(sources, each, share, 800)
        said_in_words = said(who.met, who.all, "en").removeprefix("at least ").removesuffix(" addresses")
        assert 0 < int(said_in_words.replace(",", "")) <= sources
