"""Flows that go straight to columns are there what they would be as records, and each goes one of the two ways."""

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.traffic.flows.datagrams import Datagrams
from collectors.traffic.flows.netflow.decoder import NetFlow
from collectors.traffic.flows.netflow.elements import ADDRESSES, ELEMENTS
from collectors.traffic.flows.netflow.settings import NetFlowSettings
from collectors.traffic.flows.netflow.straight_kernel import MOST
from collectors.traffic.flows.netflow.walk_kernel import walk
from collectors.traffic.packet.sums_kernel import EARLIEST, NEVER, SUMS, add_up, join
from tests.support.exporters import (
    NOW_S,
    Field,
    batch,
    flowset,
    ipfix,
    number,
    options_ipfix,
    template,
    v5,
    v5_record,
    v9,
)
from tests.support.flow_columns import NAMES, Lent, as_rows

NOW_NS = NOW_S * 10**9
# What decides of a flow; octets of them and of others are drawn from few numbers, so that each case is met.
_USUAL: list[Field] = [
    (8, 4),
    (12, 4),
    (7, 2),
    (11, 2),
    (4, 1),
    (6, 1),
    (10, 4),
    (14, 2),
    (1, 8),
    (2, 4),
    (22, 4),
    (21, 4),
]
_OTHERS: list[Field] = [
    (element, size) for element, each in ELEMENTS.items() for size in range(1, each.longest + 1) if element < 0x8000
]
_WHOLE: list[Field] = [(element, sum(size for size, _ in parts)) for element, parts in ADDRESSES.items()]
_SIX: list[Field] = [(27, 16), (28, 16), *_USUAL[2:-2], (152, 8), (153, 8)]
_TEMPLATE = st.one_of(
    st.lists(st.sampled_from(_USUAL), unique=True, min_size=1),
    st.tuples(st.just(_USUAL), st.lists(st.sampled_from([*_OTHERS, (82, 12)]), max_size=2)).map(
        lambda t: [*t[0], *t[1]]
    ),
    st.tuples(st.just(_SIX), st.lists(st.sampled_from([(61, 1), (136, 1), (32, 2), (58, 2)]), max_size=2)).map(
        lambda t: [*t[0], *t[1]]
    ),
    st.lists(st.sampled_from([*_OTHERS, *_WHOLE, (82, 12)]), min_size=1, max_size=12),
)
_OCTETS = (0, 0, 0, 1, 2, 6, 17, 58, 132, 200, 255)


def both(
    data: Sequence[Datagrams], lent: Lent, given_settings: NetFlowSettings | None = None
) -> tuple[NetFlow, list[np.ndarray]]:
    """Decode batches both ways; see that the same flows come, sums and counts too. Return the way of columns' own."""
    plain, netflow = NetFlow(given_settings), NetFlow(given_settings)
    wanted, records = [], []
    sums, whole = np.zeros(SUMS, np.uint64), np.zeros(SUMS, np.uint64)
    sums[EARLIEST] = whole[EARLIEST] = NEVER
    for each in data:
        wanted.append(plain.decode(each).copy())
        records.append(netflow.decode(each, lent).copy())
        if netflow.straight is not None:
            join(sums, netflow.straight)
    for part in wanted:
        add_up(part, whole)
    for part in records:
        add_up(part, sums)
    straight = lent.rows()
    expected = sorted(row for part in wanted for row in as_rows(part))
    assert sorted([*straight, *(row for part in records for row in as_rows(part))]) == expected
    assert sums.tolist() == whole.tolist()
    assert netflow.counts == plain.counts
    assert netflow.domains() == plain.domains()
    return netflow, records


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_TEMPLATE, min_size=1, max_size=2),
    st.lists(st.tuples(st.booleans(), st.sampled_from([1, 2, 5, 24, 70]), st.booleans()), min_size=1, max_size=8),
    st.sampled_from([9, 10]),
    st.sampled_from([(0, 2**64 - 1), (NOW_NS - 10**9, NOW_NS + 10**9), (1, 0)]),
    st.sampled_from([1, 30]),
    st.randoms(use_true_random=False),
)
@example([_USUAL], [(True, 24, True)] * 8, 9, (0, 2**64 - 1), 1, random.Random(1))
@example([_SIX, _USUAL], [(True, 24, True), (False, 24, False)] * 4, 10, (0, 2**64 - 1), 30, random.Random(2))
def test_both_ways_lead_to_the_same(  # noqa: PLR0917  # what Hypothesis draws
    templates: list[list[Field]],
    sets: list[tuple[bool, int, bool]],
    version: int,
    times: tuple[int, int],
    rate: int,
    chance: random.Random,
) -> None:
    message = v9 if version == 9 else ipfix
    define = [flowset(0 if version == 9 else 2, template(300 + k, *fields)) for k, fields in enumerate(templates)]
    datagrams, waiting = [message(*define)], []
    for first, count, alone in sets:
        which = 0 if first else len(templates) - 1
        size = sum(field[1] for field in templates[which]) * count
        waiting.append(flowset(300 + which, bytes(chance.choices(_OCTETS, k=size))))
        if alone:
            datagrams.append(message(*waiting, domain=7 + (count == 5)))
            waiting.clear()
    lent = Lent(600, earliest_ns=times[0], latest_ns=times[1])
    rates = NetFlowSettings.model_validate({"sampling": {"0.0.0.0/0": rate}})
    both([batch(*datagrams[:2]), batch(*datagrams[2:], message(*waiting))], lent, rates)


def usual(count: int, *, end_ms: int = 999_000, sequence: int = 0, seconds: int = NOW_S) -> bytes:
    """Return a datagram of so many usual flows; the exporter has been up for 1,000 s."""
    rows = b"".join(
        bytes([10, 0, row >> 8, row & 255, 10, 1, 0, 9])
        + number(40_000 + row, 2)
        + number(443, 2)
        + bytes([(6, 17, 1, 47)[row % 4], 27])
        + number(3, 4)
        + number(4, 2)
        + number(1_000 + row, 8)
        + number(10, 4)
        + number(end_ms - 500, 4)
        + number(end_ms, 4)
        for row in range(count)
    )
    return v9(flowset(300, rows), sequence=sequence, seconds=seconds)


DEFINE = v9(flowset(0, template(300, *_USUAL)))


def test_what_is_usual_goes_straight() -> None:
    lent = Lent(100)
    netflow, records = both([batch(DEFINE, usual(24), usual(24))], lent)
    assert [len(part) for part in records] == [0]
    assert len(lent.rows()) == 48
    assert netflow.counts.records == 48
    row = dict(zip(("end", "lasted_ms", *NAMES), lent.rows()[2], strict=True))
    assert (row["end"], row["lasted_ms"]) == (NOW_S * 1000 - 1_000, 500)
    assert (row["source_port"], row["icmp_type"], row["icmp_code"], row["protocol"]) == (0, 1, 187, 1)


def test_columns_of_nothing_but_defaults_are_not_written_until_something_differs() -> None:
    def told(lent: Lent) -> dict[str, tuple[bool, int]]:
        rows = lent.columns.fields
        return dict(zip(NAMES, zip(rows["present"] > 0, rows["default"].tolist(), strict=True), strict=True))

    lent = Lent(100)
    six = v9(flowset(0, template(301, *_SIX)), flowset(301, bytes(sum(field[1] for field in _SIX))), seconds=NOW_S)
    both([batch(DEFINE, usual(2)), batch(usual(2)), batch(usual(3))], lent)
    assert told(lent)["icmp_code"] == (True, 0)
    assert told(lent)["vlan"] == (False, 0)
    assert told(lent)["sampling"] == (False, 1)
    assert told(lent)["ethertype"] == (False, 0x0800), "what the first have in common is their default"
    several = Lent(100)
    both([batch(DEFINE, usual(2)), batch(six), batch(usual(3))], several)
    assert told(several)["ethertype"] == (True, 0x0800)
    assert told(several)["version"] == (True, 4)


def test_a_set_with_one_flow_outside_the_times_is_for_records() -> None:
    lent = Lent(100, earliest_ns=NOW_NS - 60 * 10**9, latest_ns=NOW_NS)
    in_time, late, future = usual(3), usual(3, end_ms=930_000), usual(3, end_ms=1_000_001)
    _, records = both([batch(DEFINE, in_time, late, in_time, future, in_time)], lent)
    assert (len(lent.rows()), len(records[0])) == (9, 6)


def test_no_set_is_cut_where_columns_end() -> None:
    lent = Lent(int(MOST) + 10, pieces=3)
    _, records = both([batch(DEFINE, *(usual(200) for _ in range(20)))], lent)
    counts = [int(columns.room[0]) for columns in lent._full]
    assert counts == [1_000, 1_000, 1_000]
    assert len(records[0]) == 1_000, "without columns, the rest is records"


def test_pieces_that_hold_no_set_are_left_alone() -> None:
    lent = Lent(10, pieces=50)
    _, records = both([batch(DEFINE, usual(24), usual(4), usual(24), usual(3))], lent)
    assert len(lent.rows()) + len(records[0]) == 55
    assert len(lent._full) <= 2


def test_sets_too_large_are_records() -> None:
    lent = Lent(5_000)
    _, records = both([batch(DEFINE, usual(int(MOST) + 1), usual(int(MOST)), usual(1))], lent)
    assert (len(lent.rows()), len(records[0])) == (int(MOST) + 1, int(MOST) + 1)


def test_version_5_and_its_rate() -> None:
    lent = Lent(100)
    many = [v5_record(source=f"10.0.0.{row}", protocol=(6, 1, 17)[row % 3]) for row in range(30)]
    both([batch(v5(many), v5(many[:1], sampling=0x4000 | 100, sequence=30), v5([], sequence=31))], lent)
    assert len(lent.rows()) == 31
    assert lent.rows()[-1][2 + NAMES.index("sampling")] == 100


def test_one_sampler_in_a_set_goes_straight_and_several_do_not() -> None:
    fields = [*_USUAL, (302, 1)]
    define = ipfix(flowset(2, template(300, *fields)), flowset(3, options_ipfix(400, [(302, 1)], (305, 4), (306, 4))))
    tell = ipfix(flowset(400, number(1, 1), number(1, 4), number(9, 4), number(2, 1), number(1, 4), number(99, 4)))
    row = bytes(sum(field[1] for field in _USUAL))
    sets = [bytes([1, 1, 1]), bytes([2, 2]), bytes([1, 2]), bytes([3, 3]), b""]
    data = [ipfix(flowset(300, *(row + bytes([each]) for each in samplers))) for samplers in sets]
    lent = Lent(100)
    _, records = both([batch(define, tell), batch(*data)], lent)
    assert [each[2 + NAMES.index("sampling")] for each in lent.rows()] == [10, 10, 10, 100, 100, 1, 1]
    assert records[1]["sampling"].tolist() == [10, 100]


def test_a_template_that_changes_within_a_batch() -> None:
    lent = Lent(100)
    other = v9(flowset(0, template(300, *_USUAL[::-1])))
    both([batch(DEFINE, usual(3), other, usual(3), DEFINE, usual(3))], lent)
    assert len(lent.rows()) == 9


def test_the_loops_are_compiled_once_for_both_ways() -> None:
    both([batch(DEFINE, usual(3))], Lent(100))
    assert len(walk.signatures) == 1
