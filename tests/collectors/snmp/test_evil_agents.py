"""Agents that lie, break the protocol or die: each is one test of what we read in spite of it, and what we count."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from typing import TypeAlias

import pytest

from collectors.snmp import oid, wire
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerTimeout, Reason
from tests.support.evil import EvilAgent, Request, VarBind, evil, honest, table
from tests.support.snmp_client import columns, raw, rows, snmp_client
from tests.support.waiting import eventually

ENTRY = "1.3.6.1.2.1.2.2.1"
UP_TIME = "1.3.6.1.2.1.1.3"
COUNTER = int(wire.Tag.COUNTER32)
MIB = {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711), **table(ENTRY, range(1, 6), range(1, 41))}
GROUP = columns(ENTRY, range(1, 6))
FIRST, SECOND, THIRD = GROUP[:3]
LIE = [(f"{UP_TIME}.0", int(wire.Tag.TIME_TICKS), 666)]

Forge: TypeAlias = Callable[[EvilAgent, Request], bytes | None]


def up_time(answers: Answers) -> object:
    return answers.cells[raw(UP_TIME)][b"\x00"]


def full(number: int, upto: int = 40) -> dict[str, int]:
    """What an honest column of `MIB` reads as."""
    return {str(row): 1000 * number + row for row in range(1, upto + 1)}


# Datagrams that answer nothing we asked.


def from_elsewhere(host: str) -> Forge:
    def forge(agent: EvilAgent, request: Request) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((host, 0 if host == agent.address[0] else agent.address[1]))
            sock.sendto(agent.reply(request, LIE), agent.peer)

    return forge


def replayed(agent: EvilAgent, _: Request) -> bytes | None:
    return agent.kept[0] if agent.kept else None


def wrong_digest(agent: EvilAgent, request: Request) -> bytes:
    message = agent.reply(request, LIE)
    at = message.index(b"reader") + 10  # the HMAC follows the user's name
    return message[:at] + bytes((message[at] ^ 1,)) + message[at + 1 :]


def of_version(version: int) -> Forge:
    def forge(_: EvilAgent, request: Request) -> bytes:
        number = request.v3.msg_id if request.v3 else request.pdu.request_id
        return wire.encode_message(version, b"public", wire.encode_response(number, 0, 0, []))

    return forge


def other_msg_id(agent: EvilAgent, request: Request) -> bytes:
    assert request.v3 is not None
    return agent.reply(request, LIE, msg_id=request.v3.msg_id ^ 1)


FORGERIES: dict[str, tuple[str, Forge, str]] = {
    "another port": ("v2c", from_elsewhere("127.0.0.1"), "wrong_source"),
    "another address": ("v2c", from_elsewhere("127.0.0.99"), "wrong_source"),
    "another address, v3": ("v3", from_elsewhere("127.0.0.99"), "wrong_source"),
    "another request-id": ("v2c", lambda a, r: a.reply(r, LIE, request_id=r.pdu.request_id ^ 1), "unknown_request"),
    "another community": ("v2c", lambda a, r: a.reply(r, LIE, community=b"Public"), "wrong_community"),
    "another version": ("v2c", of_version(wire.Version.V1), "wrong_version"),
    "a request, no response": ("v2c", lambda a, r: a.reply(r, LIE, type=wire.PduType.GET), "wrong_pdu"),
    "more varbinds than asked for": ("v2c", lambda a, r: a.reply(r, LIE * 2), "too_many_varbinds"),
    "another object": ("v2c", lambda a, r: a.reply(r, [("1.3.6.1.2.1.1.9.0", COUNTER, 1)]), "wrong_names"),
    "garbage": ("v2c", lambda a, r: b"\x30\x03\x02\x01\x07", "malformed"),  # noqa: ARG005 - a forger takes two arguments
    "a replayed answer": ("v2c", replayed, "duplicate"),
    "a forged plain v3 answer": ("v3", lambda a, r: a.reply(r, LIE, keys=a.keys(level=0)), "unauthenticated"),
    "a v3 answer without privacy": ("v3", lambda a, r: a.reply(r, LIE, keys=a.keys(level=1)), "unauthenticated"),
    "a wrong HMAC": ("v3", wrong_digest, "unauthenticated"),
    "another msgID": ("v3", other_msg_id, "unknown_request"),
    "another request-id inside": ("v3", lambda a, r: a.reply(r, LIE, request_id=r.pdu.request_id ^ 1), "wrong_pdu"),
    "a replayed v3 answer": ("v3", replayed, "duplicate"),
    "an old v3 answer": ("v3", lambda a, r: a.reply(r, LIE, boots=a.boots - 1), "not_in_time_window"),
    "version 2c to a v3 request": ("v3", of_version(wire.Version.V2C), "wrong_version"),
}


@pytest.mark.parametrize(("version", "forge", "reason"), FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_answer_is_refused_and_the_honest_one_taken(version: str, forge: Forge, reason: str) -> None:
    forging = False

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        forged = forge(agent, request) if forging else None
        return [agent.honest(request)] if forged is None else [forged, agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client(timeout_s=5) as harness:
        assert up_time(await harness.fetch(agent.target(version), [UP_TIME])) == 4711
        assert harness.refused() == {}
        forging = True
        assert up_time(await harness.fetch(agent.target(version), [UP_TIME])) == 4711
        await eventually(lambda: harness.refused() == {reason: 1})
        assert harness.metric("timeouts_total") == 0


@pytest.mark.parametrize(("version", "forge", "reason"), FORGERIES.values(), ids=FORGERIES.keys())
async def test_forged_answers_alone_are_no_answer(version: str, forge: Forge, reason: str) -> None:
    forging = False

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        if not forging:
            return [agent.honest(request)]
        forged = forge(agent, request)
        return [] if forged is None else [forged]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        await harness.fetch(agent.target(version), [UP_TIME])
        forging = True
        with pytest.raises(PeerMalformed if reason == "malformed" else PeerTimeout) as caught:
            await harness.fetch(agent.target(version), [UP_TIME])
        if reason in {"wrong_source", "wrong_community", "unauthenticated"}:
            assert f"no answer to 2 requests but a datagram that was refused ({reason}" in str(caught.value)
        assert harness.refused() == {reason: 2}
        assert harness.metric("retries_total") == 1
        assert harness.metric("timeouts_total") == 2


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


# Datagrams that are cut, padded or huge.


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_an_answer_cut_at_any_octet_is_malformed(version: str) -> None:
    def cut(size: int) -> Callable[[EvilAgent, Request], Iterable[bytes]]:
        return lambda agent, request: [agent.honest(request)[:size]]

    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(evil(honest, MIB))
        harness = await stack.enter_async_context(snmp_client(retries=0, timeout_s=1.0))
        await harness.fetch(one.target(version), [UP_TIME])
        agents = [await stack.enter_async_context(evil(cut(size), MIB)) for size in range(1, len(one.kept[0]))]
        for agent in agents:
            agent.engine_id = one.engine_id + str(agent.address[1]).encode()
        results = await asyncio.gather(
            *(harness.fetch(agent.target(version, str(n)), [UP_TIME]) for n, agent in enumerate(agents)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} <= {PeerMalformed, PeerTimeout, PeerAuthFailed}
        assert sum(isinstance(result, PeerMalformed) for result in results) > len(results) * 0.9
        assert harness.refused() == {"malformed": len(agents)}


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_octets_after_the_message_are_ignored_and_counted(version: str) -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.honest(request) + b"\x00\xffpadding"]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        assert up_time(await harness.fetch(agent.target(version), [UP_TIME])) == 4711
        assert harness.metric("replies_trailing_total") == 1


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_an_answer_of_64_kilobytes_is_read(version: str) -> None:
    huge = bytes(range(256)) * 254
    mib = {"1.3.6.1.2.1.1.1.0": (int(wire.Tag.OCTET_STRING), huge)}
    async with evil(honest, mib) as agent, snmp_client() as harness:
        answers = await harness.fetch(agent.target(version), ["1.3.6.1.2.1.1.1"])
        assert answers.cells[raw("1.3.6.1.2.1.1.1")] == {b"\x00": huge}
        assert len(agent.kept[0]) > 65_000


async def test_huge_cells_are_asked_for_a_few_at_a_time_from_the_second_poll_on() -> None:
    port_list = bytes(2_048)
    mib = {f"{ENTRY}.2.{row}": (int(wire.Tag.OCTET_STRING), port_list) for row in range(1, 30)}

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        return [agent.reply(request, agent.walk(request.names, request.pdu.error_index)[:25])]

    async with evil(script, mib) as agent, snmp_client() as harness:
        for _ in range(2):
            answers = await harness.fetch(agent.target(), [], [[SECOND]])
            assert list(rows(answers, SECOND).values()) == [port_list] * 29
        assert max(len(each) for each in agent.sent[-3:]) <= 16_384


@pytest.mark.parametrize("version", ["v2c", "v3"])
async def test_no_change_of_an_answer_disturbs_the_client(version: str) -> None:
    """Each answer is sent with one octet changed, many times over; then the honest one."""
    dice = random.Random(20_826)

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.honest(request)
        changed = []
        for _ in range(200):
            at = dice.randrange(len(answer))
            changed.append(answer[:at] + dice.randbytes(1) + answer[at + dice.randrange(2) :])
        return [*changed, answer] if version == "v3" else changed

    async with evil(script, MIB) as agent, snmp_client(timeout_s=0.2, retries=0) as harness:
        for _ in range(5):
            with suppress(PeerError):
                answers = await harness.fetch(agent.target(version), [UP_TIME], [GROUP[:2]])
                if version == "v3":
                    assert up_time(answers) == 4711
                    assert answers.problems == {}
        agent.script = honest
        assert up_time(await harness.fetch(agent.target(version, "new"), [UP_TIME])) == 4711


# Agents that die, restart, or change.


async def test_a_tenth_of_500_agents_dead_delays_no_other() -> None:
    async with AsyncExitStack() as stack:
        mib = table(ENTRY, range(1, 6), range(1, 9)) | {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711)}
        agents = [await stack.enter_async_context(evil(honest, mib)) for _ in range(450)]
        hole = await stack.enter_async_context(evil(lambda *_: [], {}))
        harness = await stack.enter_async_context(snmp_client(timeout_s=0.4, retries=2, max_in_flight=100))
        dead = [hole.target(name=f"dead {n}") for n in range(50)]
        live = [agent.target(name=f"live {n}") for n, agent in enumerate(agents)]
        finished: list[bool] = []

        async def poll(target: Agent) -> Answers | PeerError:
            try:
                answers = await harness.fetch(target, [UP_TIME], [GROUP])
            except PeerError as error:
                finished.append(False)
                return error
            finished.append(True)
            return answers

        in_turn = [t for n, target in enumerate(live) for t in ((target, dead[n // 9]) if n % 9 == 0 else (target,))]
        results = await asyncio.gather(*map(poll, in_turn))
        assert sum(isinstance(each, PeerTimeout) for each in results) == 50
        read = [each for each in results if isinstance(each, Answers)]
        assert len(read) == 450
        assert all(not each.problems and len(each.cells[FIRST]) == 8 for each in read)
        assert finished == [True] * 450 + [False] * 50  # the living do not wait for the dead to be given up
        assert harness.metric("timeouts_total") >= 150
        assert harness.metric("kernel_drops_total", family="ipv4") == 0


async def test_a_reboot_in_mid_walk_is_resynchronised_at_once_and_shown_by_boots() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        answer = agent.honest(request)
        if request.number == 2:
            agent.boots, agent.time = agent.boots + 1, 2
        return [answer]

    async with evil(script, MIB) as agent, snmp_client(timeout_s=5, max_in_flight_per_device=1) as harness:
        target = agent.target("v3")
        assert harness.client.boots("evil") is None
        answers = await harness.fetch(target, [UP_TIME], [GROUP, GROUP])
        assert answers.problems == {}
        assert [rows(answers, column) for column in GROUP] == [full(n) for n in range(1, 6)]
        assert harness.client.boots("evil") == 4
        assert harness.metric("timeouts_total") == 0
        assert harness.metric("engine_resyncs_total") == 2  # discovery, and the reboot


async def test_a_changed_engine_id_is_met_at_once() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        target = agent.target("v3")
        await harness.fetch(target, [UP_TIME])
        agent.engine_id, agent.boots, agent.time = agent.engine_id + b"2", 1, 5
        assert up_time(await harness.fetch(target, [UP_TIME])) == 4711
        assert harness.client.boots("evil") == 1
        assert harness.metric("timeouts_total") == 0
        assert harness.metric("engine_resyncs_total") == 2
