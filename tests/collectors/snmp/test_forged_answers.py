"""Datagrams that answer nothing we asked: refused, counted, and the honest answer is taken."""

import socket
from collections.abc import Callable, Iterable
from typing import TypeAlias

import pytest

from collectors.snmp import wire
from netmon.api import PeerMalformed, PeerTimeout
from tests.support.evil import EvilAgent, Request, evil
from tests.support.evil_mib import COUNTER, MIB, UP_TIME, up_time
from tests.support.snmp_client import snmp_client
from tests.support.waiting import eventually

LIE = [(f"{UP_TIME}.0", int(wire.Tag.TIME_TICKS), 666)]
Forge: TypeAlias = Callable[[EvilAgent, Request], bytes | None]


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
