"""Agents whose walks never end or go astray, and agents that cannot answer what was asked."""

import time
from collections.abc import Callable, Iterable

import pytest

from collectors.snmp import oid, wire
from netmon.api import Reason
from tests.support.evil import EvilAgent, Request, VarBind, evil
from tests.support.evil_mib import COUNTER, ENTRY, FIRST, GROUP, MIB, SECOND, THIRD, UP_TIME, full, up_time
from tests.support.snmp_client import raw, rows, snmp_client

# Walks that would never end, or go astray.


def walk_script(change: Callable[[list[VarBind], Request], list[VarBind]]) -> Callable[..., Iterable[bytes]]:
    """Return a script that answers GETBULK and GETNEXT with an honest page, changed."""

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        if request.pdu.type == wire.PduType.GET:
            return [agent.honest(request)]
        repetitions = request.pdu.error_index if request.pdu.type == wire.PduType.GETBULK else 1
        return [agent.reply(request, change(agent.walk(request.names, repetitions), request))]

    return script


def swap(page: list[VarBind], _: Request) -> list[VarBind]:
    """Rows 10 and 11 of column 2 change places."""
    swapped = {f"{ENTRY}.2.10": f"{ENTRY}.2.11", f"{ENTRY}.2.11": f"{ENTRY}.2.10"}
    return [(swapped.get(name, name), tag, value) for name, tag, value in page]


def repeat(page: list[VarBind], _: Request) -> list[VarBind]:
    """Row 11 of column 2 is row 10 once more."""
    return [(f"{ENTRY}.2.10" if name == f"{ENTRY}.2.11" else name, tag, value) for name, tag, value in page]


def stand_still(page: list[VarBind], request: Request) -> list[VarBind]:
    """Column 2 is answered with the very name that was asked."""
    asked = next((each for each in request.names if each == f"{ENTRY}.2"), "")
    return [(asked if asked and name.startswith(f"{ENTRY}.2.") else name, tag, value) for name, tag, value in page]


@pytest.mark.parametrize(
    ("change", "kept"),
    [(swap, [*range(1, 10), 11]), (repeat, range(1, 11)), (stand_still, [])],
    ids=["swapped", "repeated", "standing still"],
)
async def test_names_that_do_not_increase_end_that_column_only(
    change: Callable[[list[VarBind], Request], list[VarBind]], kept: Iterable[int]
) -> None:
    async with evil(walk_script(change), MIB) as agent, snmp_client() as harness:
        for _ in range(2):  # the second poll knows the rows beforehand
            answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
            assert {c: p.reason for c, p in answers.problems.items()} == {SECOND: Reason.NOT_INCREASING}
            assert list(rows(answers, SECOND)) == [str(each) for each in kept]
            assert rows(answers, FIRST) == full(1)
            assert rows(answers, THIRD) == full(3)
        assert len(agent.requests) < 20


async def test_duplicate_rows_in_one_page_end_every_column_that_has_them() -> None:
    def change(page: list[VarBind], request: Request) -> list[VarBind]:
        width = len(request.names)
        return page[:width] * (len(page) // width)

    async with evil(walk_script(change), MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        assert {p.reason for p in answers.problems.values()} == {Reason.NOT_INCREASING}
        assert [rows(answers, column) for column in GROUP] == [full(n, 1) for n in range(1, 6)]
        assert "1.3.6.1.2.1.2.2.1.1.1 follows 1.3.6.1.2.1.2.2.1.1.1" in answers.problems[FIRST].detail


def endless(agent: EvilAgent, request: Request) -> Iterable[bytes]:
    """A table that has one more row whenever it is asked."""
    page: list[VarBind] = []
    current = [oid.parse(name) for name in request.names]
    for _ in range(request.pdu.error_index):
        current = [(*arcs[:10], arcs[10] + 1 if len(arcs) > 10 else 1) for arcs in current]
        page += [(oid.text(arcs), COUNTER, arcs[10]) for arcs in current]
    return [agent.reply(request, page)]


async def test_an_endless_walk_ends_at_max_rows() -> None:
    async with evil(endless, {}) as agent, snmp_client(max_rows=100) as harness:
        answers = await harness.fetch(agent.target(), [], [GROUP])
        assert {p.reason for p in answers.problems.values()} == {Reason.TRUNCATED}
        assert rows(answers, FIRST) == {str(row): row for row in range(1, 101)}


async def test_an_endless_walk_ends_at_the_deadline() -> None:
    async with evil(endless, {}) as agent, snmp_client(max_rows=10**9) as harness:
        begin = time.monotonic()
        answers = await harness.fetch(agent.target(), [], [GROUP], within_s=0.3)
        assert time.monotonic() - begin < 2
        assert {p.reason for p in answers.problems.values()} == {Reason.DEADLINE}
        assert len(answers.cells[FIRST]) > 16


# Agents that cannot answer what was asked.


async def test_too_big_at_every_size_ends_every_column() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.reply(request, [], status=wire.ErrorStatus.TOO_BIG)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME, "1.3.6.1.2.1.1.1"], [GROUP])
        assert {p.reason for p in answers.problems.values()} == {Reason.REFUSED}
        assert set(answers.problems) == {raw(UP_TIME), raw("1.3.6.1.2.1.1.1"), *GROUP}
        assert "tooBig" in answers.problems[FIRST].detail
        assert not any(answers.cells.values())
        assert harness.metric("replies_truncated_total") >= 5
        assert harness.metric("devices_reduced") == 1
        assert len(agent.requests) < 60


@pytest.mark.parametrize("bears", [1, 3, 7, 40])
async def test_too_big_above_a_size_is_met_by_asking_less_and_remembered(bears: int) -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        bulk = request.pdu.error_index if request.pdu.type == wire.PduType.GETBULK else 1
        if len(request.names) * bulk > bears:
            return [agent.reply(request, [], status=wire.ErrorStatus.TOO_BIG)]
        return [agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        first = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        refused_before = harness.metric("replies_truncated_total")
        second = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        for answers in (first, second):
            assert answers.problems == {}
            assert [rows(answers, column) for column in GROUP] == [full(n) for n in range(1, 6)]
        assert harness.metric("replies_truncated_total") - refused_before <= max(1, refused_before // 2)


async def test_large_answers_that_get_lost_are_asked_for_in_smaller_pieces() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.honest(request)
        return [answer] if len(answer) < 800 else []

    async with evil(script, MIB) as agent, snmp_client(retries=3) as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        assert answers.problems == {}
        assert [rows(answers, column) for column in GROUP] == [full(n) for n in range(1, 6)]
        lost = harness.metric("timeouts_total")
        assert lost > 0
        await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        assert harness.metric("timeouts_total") - lost <= 1


@pytest.mark.parametrize("index", ["right", 0, 77])
async def test_gen_err_in_mid_table_costs_that_column_only(index: str | int) -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        if request.pdu.type == wire.PduType.GETBULK:
            page = agent.walk(request.names, request.pdu.error_index)
            bad = next((at for at, (name, _, _) in enumerate(page) if name == f"{ENTRY}.2.20"), None)
            if bad is not None:
                blamed = bad % len(request.names) + 1 if index == "right" else int(index)
                return [agent.reply(request, [], status=wire.ErrorStatus.GEN_ERR, index=blamed)]
        return [agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        assert {c: p.reason for c, p in answers.problems.items()} == {SECOND: Reason.REFUSED}
        assert answers.problems[SECOND].detail == "the device answers genErr"
        assert rows(answers, SECOND) == full(2, 19)
        for number in (1, 3, 4, 5):
            assert rows(answers, GROUP[number - 1]) == full(number)
        assert len(agent.requests) <= 17


async def test_gen_err_of_a_scalar_costs_that_scalar_only() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        bad = "1.3.6.1.2.1.1.1.0"
        if bad in request.names:
            return [agent.reply(request, [], status=wire.ErrorStatus.GEN_ERR, index=request.names.index(bad) + 1)]
        return [agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), ["1.3.6.1.2.1.1.1", UP_TIME, "1.3.6.1.2.1.1.9"])
        assert up_time(answers) == 4711
        assert {c: p.reason for c, p in answers.problems.items()} == {raw("1.3.6.1.2.1.1.1"): Reason.REFUSED}
        assert answers.cells[raw("1.3.6.1.2.1.1.9")] == {}


@pytest.mark.parametrize("at_most", [1, 2, 5, 7, 23])
async def test_answers_shorter_than_asked_are_gone_on_from(at_most: int) -> None:
    async with evil(walk_script(lambda page, _: page[:at_most]), MIB) as agent, snmp_client() as harness:
        for _ in range(3):
            cut = harness.metric("replies_truncated_total")
            answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
            assert answers.problems == {}
            assert [rows(answers, column) for column in GROUP] == [full(n) for n in range(1, 6)]
        assert cut > 0
        assert harness.metric("replies_truncated_total") - cut <= cut  # it is asked for what it can hold


async def test_empty_answers_end_every_column() -> None:
    async with evil(walk_script(lambda page, _: page[:0]), MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [UP_TIME], [GROUP])
        assert {p.reason for p in answers.problems.values()} == {Reason.REFUSED}
        assert "an empty answer" in answers.problems[FIRST].detail


async def test_a_view_that_hides_everything_is_told() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.reply(request, [], status=wire.ErrorStatus.AUTHORIZATION_ERROR)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target("v3"), [UP_TIME], [GROUP])
        assert {p.reason for p in answers.problems.values()} == {Reason.AUTH_FAILED}
        assert len(agent.requests) == 2
