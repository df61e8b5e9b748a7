"""The compiled rates and sums of floods against the same in numpy, a column at a time."""

import numpy as np
import pytest

from netmon.api.traffic import ENDPOINT, RECORD
from rules.traffic.floods.carpet_kernel import spread
from rules.traffic.floods.rates_kernel import ABOVE, CONVERSING, FEATURES, HUSHED, SUSPECT, met_once, rates
from rules.traffic.floods.view import TOLD
from rules.traffic.tables.sketch import distinct

COUNTS = ("tcp", "udp", "ack", "icmp", "syn", "syn_ack", "rst", "fin", "odd_flags", "fragments", "handshakes")
LENGTH_S = 2.0


def endpoints(draw: np.random.Generator, count: int) -> np.ndarray:
    rows = np.zeros(count, ENDPOINT)
    for name in (*COUNTS, "bytes"):
        rows[name] = draw.integers(0, 400, count) * draw.integers(0, 2, count)
    rows["packets"] = draw.integers(0, 2, count) * draw.integers(1, 900, count)
    rows["reflected"] = draw.integers(0, 3, count) * 40
    rows["reflected_votes"] = draw.integers(0, 40, count) * (rows["reflected"] > 0)
    rows["reflected_port"] = draw.choice([0, 53, 123, 443, 5060], count)
    rows["flows"] = draw.integers(0, 1 << 63, (count, 4), np.uint64) & draw.integers(0, 1 << 63, (count, 4), np.uint64)
    rows["peers"] = draw.integers(0, 1 << 63, (count, 8), np.uint64)
    return rows


def plain(rows: np.ndarray, sent: np.ndarray, share: np.ndarray, *, live: bool, sampling: float) -> np.ndarray:
    got, gave = (
        {name: table[name].astype(float) for name in (*COUNTS, "packets", "reflected")} for table in (rows, sent)
    )
    segments = np.maximum(got["tcp"] - got["syn"] - got["syn_ack"] - got["rst"] - got["fragments"], 0)
    astray = np.where(segments < 0.01 * gave["tcp"], gave["tcp"], 0)
    finished = got["handshakes"] if live else np.maximum(got["handshakes"], np.minimum(segments / 3, got["syn"]))
    stray = segments - 100.0 * np.maximum(gave["tcp"] - gave["rst"] - gave["syn_ack"], 0)
    ends = distinct(sent["flows"])
    if sampling:
        stray = np.maximum(stray, segments * share - np.where(ends < 1_200, (1.0 + sampling) * ends, np.inf))
    each = np.where(np.isin(rows["reflected_port"], list(CONVERSING)), 25.0, 3.0)
    of_port = rows["reflected_votes"] - each * (gave["reflected"] - sent["reflected_votes"])
    other = np.where(rows["reflected_port"] != sent["reflected_port"], of_port, 0.0)
    columns = {
        "half_open": got["syn"] - finished,
        "syn_ack": got["syn_ack"] - 1.5 * gave["syn"],
        "rst": got["rst"] - 3.0 * (gave["syn"] + got["syn"] + got["fin"]) - astray,
        "segments": segments,
        "strays": stray,
        "udp": got["udp"] - 25.0 * gave["udp"],
        "udp_all": got["udp"],
        "icmp": got["icmp"],
        "fragments": got["fragments"],
        "reflected": np.maximum(got["reflected"] - each * gave["reflected"], other),
        "connections": finished,
        "answers": gave["packets"] - gave["syn_ack"] - gave["rst"] - gave["icmp"],
        "bits": 8.0 * rows["bytes"],
    }
    return np.asarray(np.maximum(np.stack([columns[name] for name in FEATURES], axis=1), 0.0) / LENGTH_S)


@pytest.mark.parametrize("seed", range(6))
def test_rates_are_those_of_plain_columns(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table, others, count = endpoints(draw, 300), endpoints(draw, 200), 250
    places = draw.permutation(300)[:count].astype(np.int32)
    senders = np.where(draw.random(count) < 0.5, draw.integers(0, 200, count), -1).astype(np.int32)
    total = draw.integers(0, 60, count).astype(np.int32)
    alone = (total * draw.random(count)).astype(np.int32)
    live, sampling = bool(seed % 2), float(seed % 3) * 4.0
    floors = np.where(np.array(FEATURES) == "bits", np.inf, 60.0)
    found, unanswered = np.empty((count, len(FEATURES))), np.empty(count)
    marks, marked = np.zeros(count, np.uint8), np.zeros(count, np.int32)
    seen = (table, places, others, senders, total, alone, TOLD, live, sampling, LENGTH_S)
    many = int(rates(*seen, floors, 390.0, 80.0, found, unanswered, marks, marked))

    rows, sent = table[places], np.zeros(count, ENDPOINT)
    sent[senders >= 0] = others[senders[senders >= 0]]
    share = np.where(total >= 20, alone / np.maximum(total, 1), 0.0)
    expected = plain(rows, sent, share, live=live, sampling=sampling)
    assert found == pytest.approx(expected, abs=1e-9)
    column = dict(zip(FEATURES, expected.T, strict=True))
    kinds = sum(column[name] for name in ("half_open", "syn_ack", "rst", "udp", "icmp"))
    assert unanswered == pytest.approx(np.maximum(column["segments"] - 100 * sent["tcp"] / LENGTH_S, 0) + kinds)
    mark = ABOVE * (found > floors).any(axis=1) + SUSPECT * ((rows["odd_flags"] >= 390) | (rows["reflected"] >= 80))
    hushed = (sent["packets"] == 0) & (rows["handshakes"] > 0) & (2 * rows["handshakes"].astype(int) > rows["syn"])
    mark += HUSHED * hushed
    assert marked[:many].tolist() == np.flatnonzero(mark).tolist()
    assert marks[:many].tolist() == mark[mark > 0].tolist()


@pytest.mark.parametrize("seed", range(4))
def test_ends_met_once_are_counted_by_whom_they_send_to(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sample, count = np.zeros(400, RECORD), 5
    sample["source_lo"], sample["source_port"] = draw.integers(0, 12, 400), draw.integers(0, 8, 400)
    sample["protocol"], sample["tcp_flags"] = draw.choice([6, 6, 6, 17], 400), draw.choice([16, 24, 2, 4], 400)
    sample["fragment"] = draw.choice([0, 0, 1, 2], 400)
    to = draw.integers(-1, count, 400).astype(np.int32)
    total, alone = np.zeros(count, np.int32), np.zeros(count, np.int32)
    met_once(sample, to, np.zeros(1024, np.uint64), np.zeros(1024, np.int32), total, alone)
    plainly = (sample["protocol"] == 6) & (sample["tcp_flags"] & 6 == 0) & (sample["fragment"] != 2)
    for row in range(count):
        mine = sample[plainly & (to == row)]
        _, met = np.unique(mine[["source_lo", "source_port"]], return_counts=True)
        assert (total[row], alone[row]) == (len(mine), np.count_nonzero(met == 1))


@pytest.mark.parametrize("seed", range(4))
def test_a_carpet_is_summed_by_prefix(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table, count = endpoints(draw, 120), 100
    places = draw.permutation(120)[:count].astype(np.int32)
    groups, wanted = draw.integers(0, 6, count).astype(np.uint32), np.array([-1, 0, 2, -1, 1, -1], np.int32)
    got, alone = draw.integers(0, 60, count).astype(float), draw.random(count) < 0.2
    sums, met = np.zeros((3, 2)), np.zeros((3, 257), np.int32)
    octets, peers = np.zeros(3, np.uint64), np.zeros((3, 8), np.uint64)
    spread(table, places, groups, wanted, got, alone, 20.0, sums, met, octets, peers)
    for group, row in ((1, 0), (4, 1), (2, 2)):
        hit = (groups == group) & (got >= 20.0)
        rest = got[hit & ~alone]
        assert sums[row].tolist() == [rest.sum(), rest.max(initial=0.0)]
        bits = np.bitwise_count(table["flows"][places[hit & ~alone]]).sum(axis=1)
        assert met[row].tolist() == np.bincount(bits, minlength=257).tolist()
        assert octets[row] == table["bytes"][places[hit]].sum()
        assert peers[row].tolist() == np.bitwise_or.reduce(table["peers"][places[hit]], axis=0).tolist()
