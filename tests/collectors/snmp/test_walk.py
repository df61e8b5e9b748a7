"""What is asked of a device for scalars and tables, and how that adapts. Agents that misbehave: test_evil_agents."""

from collections.abc import Iterable

import pytest

from collectors.snmp import wire
from collectors.snmp.budget import LARGEST, START, Budget
from netmon.api import PeerAuthFailed, Reason
from tests.support.evil import EvilAgent, Request, Rows, evil, honest, table
from tests.support.snmp_client import columns, raw, rows, snmp_client

ENTRY = "1.3.6.1.2.1.2.2.1"
X_ENTRY = "1.3.6.1.2.1.31.1.1.1"
COUNTER = int(wire.Tag.COUNTER32)
PORTS = range(1, 49)
IF_GROUP = [*columns(ENTRY, range(1, 22)), *columns(X_ENTRY, range(1, 20))]
IF_MIB = table(ENTRY, range(1, 22), PORTS) | table(X_ENTRY, range(1, 20), PORTS)


def bulk_sizes(agent: EvilAgent) -> list[tuple[int, int]]:
    """Return (columns, repetitions) of each GETBULK."""
    return [(len(r.pdu.varbinds.oids), r.pdu.error_index) for r in agent.requests if r.pdu.type == wire.PduType.GETBULK]


async def test_a_known_table_takes_no_more_requests_than_its_size_needs() -> None:
    async with evil(honest, IF_MIB) as agent, snmp_client(timeout_s=5) as harness:
        for _ in range(8):
            agent.requests.clear()
            answers = await harness.fetch(agent.target(), [], [IF_GROUP])
            assert answers.problems == {}
            assert all(len(answers.cells[column]) == 48 for column in IF_GROUP)
        sizes = bulk_sizes(agent)
        asked = sum(width * repetitions for width, repetitions in sizes)
        assert asked <= 40 * 49 * 1.05  # every row, and one more that shows the end
        assert len(sizes) == 4
        assert max(width * repetitions for width, repetitions in sizes) <= LARGEST


async def test_the_first_poll_starts_small_and_later_ones_ask_for_more() -> None:
    async with evil(honest, IF_MIB) as agent, snmp_client(timeout_s=5) as harness:
        await harness.fetch(agent.target(), [], [IF_GROUP])
        first = bulk_sizes(agent)
        assert first[0] == (10, 16)
        assert max(width * repetitions for width, repetitions in first[:4]) <= START
        await harness.fetch(agent.target(), [], [IF_GROUP])
        assert len(bulk_sizes(agent)) - len(first) < len(first)


async def test_small_tables_take_one_request_each() -> None:
    mib = table(ENTRY, range(1, 22), range(1, 3))
    async with evil(honest, mib) as agent, snmp_client(timeout_s=5) as harness:
        group = columns(ENTRY, range(1, 22))
        for _ in range(2):
            agent.requests.clear()
            await harness.fetch(agent.target(), [], [group])
        assert bulk_sizes(agent) == [(21, 3)]


async def test_rows_that_come_go_and_move_between_polls() -> None:
    group = columns(ENTRY, range(1, 4))
    async with evil(honest, {}) as agent, snmp_client(timeout_s=5) as harness:
        for indexes in (range(1, 30), [], range(1, 30), [*range(1, 10), 17, *range(20, 60)], [5], range(100, 200)):
            mib = table(ENTRY, range(1, 4), indexes)
            async with evil(honest, mib) as now:
                agent.script = lambda _, request, now=now: [now.honest(request)]  # type: ignore[misc]
                answers = await harness.fetch(agent.target(), [], [group])
            assert answers.problems == {}
            for number, column in enumerate(group, 1):
                assert rows(answers, column) == {str(row): 1000 * number + row for row in indexes}


@pytest.mark.parametrize("version", ["v1", "v2c"])
async def test_sparse_and_absent_columns(version: str) -> None:
    mib: dict[str, tuple[int, int]] = {}
    for column, indexes in {1: range(1, 41), 2: range(2, 41, 2), 4: range(38, 41), 5: range(1, 4)}.items():
        mib |= {f"{ENTRY}.{column}.{row}": (COUNTER, row) for row in indexes}
    async with evil(honest, mib) as agent, snmp_client(timeout_s=5) as harness:
        for _ in range(2):
            answers = await harness.fetch(agent.target(version), [], [columns(ENTRY, range(1, 7))])
            assert answers.problems == {}
            lengths = [len(answers.cells[column]) for column in columns(ENTRY, range(1, 7))]
            assert lengths == [40, 20, 0, 3, 3, 0]
            assert list(rows(answers, raw(f"{ENTRY}.4"))) == ["38", "39", "40"]


async def test_version_1_is_asked_by_getnext_and_its_no_such_name_is_an_end() -> None:
    mib: Rows = table(ENTRY, range(1, 4), range(1, 12)) | {"1.3.6.1.2.1.1.3.0": (COUNTER, 5)}
    async with evil(honest, mib) as agent, snmp_client(timeout_s=5) as harness:
        answers = await harness.fetch(
            agent.target("v1"), ["1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.3"], [columns(ENTRY, range(1, 5))]
        )
        assert answers.problems == {}
        assert answers.cells[raw("1.3.6.1.2.1.1.1")] == {}
        assert answers.cells[raw("1.3.6.1.2.1.1.3")] == {b"\x00": 5}
        assert [len(answers.cells[column]) for column in columns(ENTRY, range(1, 5))] == [11, 11, 11, 0]
        assert {r.pdu.type for r in agent.requests} == {wire.PduType.GET, wire.PduType.GETNEXT}


async def test_scalars_beyond_one_request_and_those_that_are_not_there() -> None:
    mib: Rows = {f"1.3.6.1.4.1.9.{n}.0": (COUNTER, n) for n in range(1, 101) if n % 3}
    objects = [f"1.3.6.1.4.1.9.{n}" for n in range(1, 101)]
    async with evil(honest, mib) as agent, snmp_client(timeout_s=5) as harness:
        answers = await harness.fetch(agent.target(), objects)
        assert answers.problems == {}
        for number, name in enumerate(objects, 1):
            assert answers.cells[raw(name)] == ({b"\x00": number} if number % 3 else {})
        assert len(agent.requests) == 4


async def test_scalars_that_do_not_fit_together_are_asked_for_in_halves() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        if len(request.names) > 5:
            return [agent.reply(request, [], status=wire.ErrorStatus.TOO_BIG)]
        return [agent.honest(request)]

    mib: Rows = {f"1.3.6.1.4.1.9.{n}.0": (COUNTER, n) for n in range(1, 33)}
    async with evil(script, mib) as agent, snmp_client(timeout_s=5) as harness:
        answers = await harness.fetch(agent.target(), [f"1.3.6.1.4.1.9.{n}" for n in range(1, 33)])
        assert answers.problems == {}
        assert all(answers.cells[raw(f"1.3.6.1.4.1.9.{n}")] == {b"\x00": n} for n in range(1, 33))


async def test_a_scalar_answer_that_is_cut_says_which_are_missing() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        cells = [(name, COUNTER, 1) for name in request.names]
        return [agent.reply(request, cells[:-1])]

    async with evil(script, {}) as agent, snmp_client() as harness:
        with pytest.raises(Exception, match="no answer"):
            await harness.fetch(agent.target(), ["1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.3"])
        assert harness.refused() == {"wrong_names": 2}


async def test_an_unknown_error_status_is_told_by_its_number() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.reply(request, [], status=99, index=1)]

    async with evil(script, {}) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [], [columns(ENTRY, [1])])
        problem = answers.problems[raw(f"{ENTRY}.1")]
        assert (problem.reason, problem.detail) == (Reason.REFUSED, "the device answers error-status 99")


async def test_nothing_asked_is_nothing_sent() -> None:
    async with evil(honest, {}) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(), [], [[]])
        assert (answers.cells, answers.problems) == ({}, {})
        assert agent.requests == []


async def test_a_v3_device_is_not_asked_for_more_than_its_messages_hold() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.reply(request, agent.walk(request.names, request.pdu.error_index), max_size=1_000)
        if len(answer) > 1_000:
            answer = agent.reply(request, [], status=wire.ErrorStatus.TOO_BIG, max_size=1_000)
        return [answer]

    async with evil(script, IF_MIB) as agent, snmp_client(timeout_s=5) as harness:
        group = IF_GROUP[:10]
        for _ in range(3):
            agent.sent.clear()
            answers = await harness.fetch(agent.target("v3"), [], [group])
            assert answers.problems == {}
            assert all(len(answers.cells[column]) == 48 for column in group)
        assert harness.metric("replies_truncated_total") <= 4  # in the first poll
        assert max(map(len, agent.sent)) <= 1_000


async def test_credentials_refused_in_mid_poll_end_it() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        if request.number == 1:
            return [agent.honest(request)]
        assert request.v3 is not None
        user = agent.keys(level=1)
        return [agent.report(b"\x2b\x06\x01\x06\x03\x0f\x01\x01\x05\x00", request.v3.msg_id, keys=user)]

    async with evil(script, IF_MIB) as agent, snmp_client() as harness:
        with pytest.raises(PeerAuthFailed, match="digest is wrong"):
            await harness.fetch(agent.target("v3"), [], [IF_GROUP[:10]])


def test_a_budget_halves_at_once_and_grows_by_quarters_below_where_it_failed() -> None:
    budget = Budget()
    assert (budget.varbinds, budget.reduced) == (START, False)
    budget.failed(160)
    assert (budget.varbinds, budget.ceiling, budget.reduced) == (80, 120, True)
    for _ in range(100):
        budget.succeeded()
    assert budget.varbinds == 120
    budget.failed(120, came=100)  # an agent that cuts its answers
    assert (budget.varbinds, budget.ceiling) == (100, 100)
    budget.doubt(100)  # nothing came at all: it may be gone, and be back in full strength
    assert (budget.varbinds, budget.ceiling) == (50, 100)
    for _ in range(10):
        budget.failed(budget.varbinds)
    assert budget.varbinds == 1
    for _ in range(10_000):
        budget.succeeded()
    assert budget.varbinds == LARGEST  # after long, a size that failed once is tried again
