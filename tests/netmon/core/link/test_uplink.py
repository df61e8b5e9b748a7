"""The sender over a transport in memory: order, window, sessions that end, caps, counters."""

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding, Severity
from netmon.core.link import SpoolingUplink
from netmon.core.link.wire import Batch
from tests.support.link import QUICK, check_uplink, finding, findings, value
from tests.support.link_bench import Bench
from tests.support.waiting import eventually


async def test_everything_arrives_once_and_in_order(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        for first in range(0, 1_000, 7):
            uplink.send(findings(first, 7))
            check_uplink(bench.registry)
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == list(range(1_001))
        assert [number for number, _ in bench.core.taken[uplink.sender]] == list(range(1, 1_002))
        assert bench.count("delivered_total") == 1_001
        assert bench.count("connected") == 1


async def test_what_arrives_is_what_was_sent(bench: Bench) -> None:
    event = Event(
        1.5, "syslog", "sw-01", "authentication", Severity.ERROR, {"user.name": "añez", "n": 3}, b"\0raw\n\xff"
    )
    async with bench.uplink() as uplink:
        uplink.send([event, finding(1)])
        await eventually(lambda: uplink.pending == 0)
        assert [thing for _, thing in bench.core.taken[uplink.sender]] == [event, finding(1)]


async def test_a_core_that_is_away_gets_all_later_from_disk(bench: Bench) -> None:
    bench.transport.away = True
    small = QUICK.model_copy(update={"memory_max_bytes": 1 << 16, "spool_segment_bytes": 1 << 14})
    async with bench.uplink(small) as uplink:
        for first in range(0, 3_000, 100):
            uplink.send(findings(first, 100))
            await uplink.flush()
        check_uplink(bench.registry)
        assert uplink.pending == 3_000
        assert not uplink._outbox.in_memory(1_000)
        bench.transport.away = False
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == list(range(3_000))
        await eventually(lambda: bench.count("spool_bytes") <= 1 << 14)


async def test_a_restart_takes_up_where_the_last_ended(bench: Bench) -> None:
    bench.transport.away = True
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 500))
    bench.transport.away = False
    async with bench.uplink() as uplink:
        assert bench.count("recovered_total") == 500
        uplink.send(findings(500, 10))
        await eventually(lambda: uplink.pending == 0)
    assert bench.core.serials() == list(range(510))
    assert list(bench.core.taken) == [uplink.sender]
    async with bench.uplink() as uplink:
        assert bench.count("recovered_total") == 0
    assert list((bench.folder / "spool").glob("*.spool")) == []


async def test_sessions_that_end_at_any_time(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        for round_number in range(40):
            uplink.send(findings(50 * round_number, 50))
            await eventually(lambda: uplink.pending < 50)
            bench.transport.sessions[-1].cut()
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == list(range(2_000))
        assert bench.count("sessions_total") >= 20


async def test_an_acknowledgement_is_lost_and_the_core_knows_the_number(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        await eventually(lambda: bench.count("connected") == 1)
        await bench.core.take(uplink.sender, [(1, finding(0))])  # it arrived; nobody said so
        bench.transport.away = True
        uplink.send([finding(0)])
        await eventually(lambda: bench.count("connected") == 0)
        bench.transport.away = False
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == [0]
        assert bench.count("delivered_total") == 1


async def test_what_cannot_be_sent_is_dropped_by_itself(bench: Bench) -> None:
    odd = Finding("r", "t", 1.0, Severity.INFO, "s", "k", evidence={"x": object()})  # type: ignore[dict-item] # a rule's bug
    async with bench.uplink() as uplink:
        uplink.send([finding(0), odd, finding(1, QUICK.max_record_bytes), finding(2)])
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == [0, 2]
        assert (bench.dropped("unencodable"), bench.dropped("too_large")) == (1, 1)
        assert bench.count("received_total") == 4


async def test_before_the_start_and_after_the_stop_all_is_counted(bench: Bench) -> None:
    registry = CollectorRegistry()
    uplink = SpoolingUplink(bench.transport, bench.folder / "spool", "collector", QUICK, registry)
    assert not (bench.folder / "spool").exists()
    uplink.send([finding(0)])
    await uplink.stop()
    await uplink.start()
    await uplink.stop()
    await uplink.stop()
    uplink.send([finding(1)])
    assert value(registry, "netmon_uplink_dropped_total", reason="not_running") == 2
    check_uplink(registry)


async def test_a_core_that_acknowledges_what_it_was_not_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support.link import MemorySession

    bench.transport.away = True
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 500))
        await uplink.flush()
        with monkeypatch.context() as patched:

            async def lie(_session: MemorySession) -> int:
                return 499

            patched.setattr(MemorySession, "acknowledged", lie)
            bench.transport.away = False
            await eventually(lambda: bench.count("sessions_total") > 2)
            assert uplink.pending == 500
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == list(range(500))


async def test_a_bug_in_the_transport_does_not_end_the_uplink(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench.uplink() as uplink:
        with monkeypatch.context() as patched:

            async def fail(_session: object, _batch: Batch) -> None:
                raise ZeroDivisionError

            patched.setattr("tests.support.link.MemorySession.send", fail)
            uplink.send([finding(0)])
            await eventually(lambda: bench.count("sessions_total") > 1)
        await eventually(lambda: uplink.pending == 0)


async def test_memory_stays_within_its_cap(bench: Bench) -> None:
    bench.transport.away = True
    settings = QUICK.model_copy(update={"memory_max_bytes": 1 << 16})
    async with bench.uplink(settings) as uplink:
        for first in range(0, 5_000, 100):
            uplink.send(findings(first, 100))
            await uplink.flush()
            assert uplink._outbox.memory_bytes <= 1 << 16
        assert uplink.pending == 5_000


async def test_a_flood_in_one_call(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 50_000))
        await eventually(lambda: uplink.pending == 0, 30)
        assert bench.core.serials() == list(range(50_000))
