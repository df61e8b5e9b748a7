"""Version 3's engines: discovery, time window, Reports true and forged. RFC 3414 sections 2 to 4."""

from collections.abc import Iterable

import pytest

from collectors.snmp import usm, wire
from collectors.snmp.engines import MAX_BOOTS, TIME_WINDOW_S, EngineClock
from netmon.api import PeerAuthFailed, PeerRefused, PeerTimeout
from tests.support.evil import EvilAgent, Request, evil, honest
from tests.support.snmp_client import raw, snmp_client

UP_TIME = "1.3.6.1.2.1.1.3"
MIB = {f"{UP_TIME}.0": (int(wire.Tag.TIME_TICKS), 4711)}


async def test_discovery_takes_one_round_and_is_remembered() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        for _ in range(3):
            assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)] == {b"\x00": 4711}
        assert agent.reports == [usm.USM_UNKNOWN_ENGINE_IDS]
        assert len(agent.requests) == 3


async def test_a_clock_that_drifts_out_of_the_window_is_corrected_in_one_round() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        agent.time += 1_000
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert agent.reports == [usm.USM_UNKNOWN_ENGINE_IDS, usm.USM_NOT_IN_TIME_WINDOWS]
        assert harness.metric("timeouts_total") == 0


async def test_boots_that_went_back_as_after_a_factory_reset_are_taken_from_an_authentic_report() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        agent.boots, agent.time = 1, 3
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert harness.client.boots("evil") == 1


@pytest.mark.parametrize(("boots", "time"), [(MAX_BOOTS, 0), (0, 0), (3, MAX_BOOTS)])
async def test_boots_and_time_of_discovery_are_not_believed(boots: int, time: int) -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        true_report = agent.report

        def forged(counter: bytes, msg_id: int, *, keys: usm.Keys | None = None, **engine: int) -> bytes:
            if counter == usm.USM_UNKNOWN_ENGINE_IDS:
                engine = {"boots": boots, "time": time}
            return true_report(counter, msg_id, keys=keys, **engine)

        agent.report = forged  # type: ignore[method-assign]
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert harness.client.boots("evil") == 3
        assert harness.metric("timeouts_total") == 0


async def test_an_unauthenticated_report_on_the_time_window_changes_nothing() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        assert request.v3 is not None
        forged = agent.report(usm.USM_NOT_IN_TIME_WINDOWS, request.v3.msg_id, boots=MAX_BOOTS, time=1)
        return [forged, agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client(timeout_s=5) as harness:
        for _ in range(2):
            assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert harness.refused() == {"unauthenticated": 2}
        assert harness.client.boots("evil") == 3
        assert harness.metric("engine_resyncs_total") == 1


async def test_a_forged_unknown_engine_costs_one_round_and_not_the_clock() -> None:
    forging = False

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        nonlocal forging
        if forging:
            forging = False
            assert request.v3 is not None
            true_id, agent.engine_id = agent.engine_id, b"\x80\x00\x1f\x88\x04else"
            forged = agent.report(usm.USM_UNKNOWN_ENGINE_IDS, request.v3.msg_id, boots=MAX_BOOTS)
            agent.engine_id = true_id
            return [forged]
        old = [(f"{UP_TIME}.0", int(wire.Tag.TIME_TICKS), 666)]
        return [agent.reply(request, old, boots=agent.boots - 1), agent.honest(request)]

    async with evil(honest, MIB) as agent, snmp_client(timeout_s=5) as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        forging, agent.script = True, script
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)] == {b"\x00": 4711}
        assert harness.refused() == {"not_in_time_window": 1}
        assert harness.client.boots("evil") == 3
        assert harness.metric("timeouts_total") == 0


PROBLEMS = {
    usm.USM_WRONG_DIGESTS: (PeerAuthFailed, "user 'reader''s digest is wrong: check auth_password and auth_protocol"),
    usm.USM_UNKNOWN_USER_NAMES: (PeerAuthFailed, "knows no user 'reader': check the user's name"),
    usm.USM_UNSUPPORTED_SEC_LEVELS: (PeerAuthFailed, "does not offer AUTH_PRIV to user 'reader'"),
    usm.USM_DECRYPTION_ERRORS: (PeerAuthFailed, "cannot decrypt user 'reader''s request: check priv_password"),
    b"\x2b\x06\x01\x06\x03\x0c\x01\x05\x00": (PeerAuthFailed, "no such context for user 'reader': check context_name"),
    usm.MPD_UNKNOWN_PDU_HANDLERS: (PeerRefused, "the device reports 1.3.6.1.6.3.11.2.1.3.0"),
    b"\x2b\x81": (PeerRefused, "the device reports 2b81"),
}
NAMES = ["digest", "user", "level", "decryption", "context", "other", "broken"]


@pytest.mark.parametrize(("counter", "error", "says"), [(c, *p) for c, p in PROBLEMS.items()], ids=NAMES)
async def test_a_report_from_an_engine_that_never_answered_is_believed(
    counter: bytes, error: type[Exception], says: str
) -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        assert request.v3 is not None
        return [agent.report(counter, request.v3.msg_id)]

    async with evil(script, MIB) as agent, snmp_client(timeout_s=30) as harness:
        with pytest.raises(error) as caught:
            await harness.fetch(agent.target("v3"), [UP_TIME])
        assert says in str(caught.value)
        assert harness.client.boots("evil") is None


@pytest.mark.parametrize(("counter", "error", "says"), [(c, *p) for c, p in PROBLEMS.items()], ids=NAMES)
async def test_the_same_report_unauthenticated_from_an_engine_that_did_is_only_the_last_word(
    counter: bytes, error: type[Exception], says: str
) -> None:
    honestly = True

    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        assert request.v3 is not None
        report = agent.report(counter, request.v3.msg_id)
        return [report, agent.honest(request)] if honestly else [report]

    async with evil(honest, MIB) as agent, snmp_client() as harness:
        await harness.fetch(agent.target("v3"), [UP_TIME])
        agent.script = script
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert harness.refused() == {"unproven_report": 1}
        honestly = False
        with pytest.raises(error) as caught:
            await harness.fetch(agent.target("v3"), [UP_TIME])
        assert says in str(caught.value)


async def test_an_engine_that_never_agrees_with_its_own_time_is_given_up() -> None:
    async with evil(honest, MIB) as agent, snmp_client(timeout_s=30) as harness:
        true_report = agent.report

        def restless(counter: bytes, msg_id: int, *, keys: usm.Keys | None = None, **_: int) -> bytes:
            return true_report(counter, msg_id, keys=keys, boots=1, time=1)

        agent.report = restless  # type: ignore[method-assign]
        with pytest.raises(PeerAuthFailed, match="not in its time window, again and again"):
            await harness.fetch(agent.target("v3"), [UP_TIME])


async def test_an_engine_id_of_the_wrong_length_is_refused() -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        agent.engine_id = b"four"
        with pytest.raises(PeerTimeout):
            await harness.fetch(agent.target("v3"), [UP_TIME])
        assert harness.refused() == {"malformed": 2}


async def test_a_user_without_keys_is_served_and_shows_no_boots() -> None:
    async with evil(honest, MIB) as agent, snmp_client() as harness:
        agent.user = usm.User(b"reader")
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)]
        assert harness.client.boots("evil") is None


async def test_an_answer_above_the_level_that_was_asked_is_refused() -> None:
    def script(agent: EvilAgent, request: Request) -> Iterable[bytes]:
        keys = usm.localise(usm.User(b"reader", *SHA), agent.engine_id)
        return [agent.reply(request, [(f"{UP_TIME}.0", 0x43, 666)], keys=keys), agent.honest(request)]

    async with evil(script, MIB) as agent, snmp_client() as harness:
        agent.user = usm.User(b"reader")
        assert (await harness.fetch(agent.target("v3"), [UP_TIME])).cells[raw(UP_TIME)] == {b"\x00": 4711}
        assert harness.refused() == {"unauthenticated": 1}


SHA = (EvilAgent({}, honest).user.auth, b"some other word")


@pytest.mark.parametrize(
    ("boots", "seconds", "after_s", "refused"),
    [
        (3, 1_000, 0, False),
        (3, 1_000 - TIME_WINDOW_S, 0, False),
        (3, 1_000 - TIME_WINDOW_S - 1, 0, True),
        (3, 1_000, TIME_WINDOW_S, False),
        (3, 1_000, TIME_WINDOW_S + 1, True),
        (2, 5_000, 0, True),
        (4, 1, 0, False),
    ],
)
def test_the_time_window(boots: int, seconds: int, after_s: float, refused: bool) -> None:
    clock = EngineClock(3, 1_000, at=50.0)
    engine = usm.Engine(b"", boots, seconds)
    assert (not clock.is_newer(engine) and clock.rejects(engine, 50.0 + after_s)) == refused


def test_an_engine_that_can_count_its_boots_no_further_is_refused_everything() -> None:
    clock = EngineClock(MAX_BOOTS, 5, at=0.0)
    assert clock.rejects(usm.Engine(b"", MAX_BOOTS, 6), 0.0)


def test_our_notion_of_an_engines_time_goes_on_with_our_clock_and_stays_in_range() -> None:
    assert EngineClock(1, 100, at=10.0).now(15.9) == 105
    assert EngineClock(1, MAX_BOOTS - 2, at=0.0).now(1e6) == MAX_BOOTS
