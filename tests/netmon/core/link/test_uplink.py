"""The sender over a transport in memory: order, window, sessions that end, full disks, caps, counters."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding, Severity
from netmon.core.link import LinkSettings, SpoolingUplink
from netmon.core.link.spool import Spool
from netmon.core.link.store import RESERVED_AT_ONCE
from netmon.core.link.wire import Batch
from tests.support.link import QUICK, Core, MemoryTransport, check_uplink, finding, findings, value
from tests.support.link_disk import small_disk
from tests.support.waiting import eventually


class Bench:
    """A core, a way to it, and uplinks on one spool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.core = Core()
        self.transport = MemoryTransport(self.core)
        self.registry = CollectorRegistry()

    @asynccontextmanager
    async def uplink(self, settings: LinkSettings = QUICK) -> AsyncIterator[SpoolingUplink]:
        self.registry = CollectorRegistry()
        uplink = SpoolingUplink(self.transport, self.folder / "spool", "collector", settings, self.registry)
        await uplink.start()
        try:
            yield uplink
        finally:
            await uplink.stop()
            check_uplink(self.registry)

    def count(self, name: str, **labels: str) -> float:
        return value(self.registry, f"netmon_uplink_{name}", **labels)

    def dropped(self, reason: str) -> float:
        return self.count("dropped_total", reason=reason)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def crash(uplink: SpoolingUplink) -> None:
    """Leave the files as a killed process would, without the last words."""
    assert uplink._task is not None
    uplink._task.cancel()
    assert uplink._keeper._task is not None
    uplink._keeper._task.cancel()
    uplink._keeper._shut()
    uplink._open = False


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


async def test_a_crash_sends_again_only_what_the_core_lacks(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 300))
        await eventually(lambda: uplink.pending == 0)
        bench.transport.away = True
        bench.transport.sessions[-1].cut()
        uplink.send(findings(300, 300))
        await uplink.flush()
        crash(uplink)
    bench.transport.away = False
    async with bench.uplink() as uplink:
        assert bench.count("recovered_total") >= 300
        uplink.send(findings(600, 3))
        await eventually(lambda: uplink.pending == 0)
        numbers = [number for number, _ in bench.core.taken[uplink.sender]]
        assert numbers == [*range(1, 601), *range(RESERVED_AT_ONCE + 1, RESERVED_AT_ONCE + 4)]
        assert bench.core.serials() == list(range(603))


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


async def test_flush_waits_for_core_or_disk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench.uplink() as uplink:
        await uplink.flush()  # nothing was sent
        bench.transport.away = True
        uplink.send([finding(0)])
        await uplink.flush()
        assert uplink.pending == 1

        def fail(_fd: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", fail)
            uplink.send([finding(1)])
            flushing = asyncio.create_task(uplink.flush())
            await eventually(lambda: bench.count("spool_writable") == 0)
            assert not flushing.done()
        await eventually(lambda: bench.count("spool_writable") == 1)
        assert not flushing.done()  # after a failed sync nobody knows what is on disk
        bench.transport.away = False
        await flushing
        assert bench.core.serials() == [0, 1]


async def test_a_full_spool_drops_what_is_new_and_nothing_old(bench: Bench) -> None:
    bench.transport.away = True
    settings = QUICK.model_copy(update={"spool_max_bytes": 1 << 16, "spool_segment_bytes": 1 << 12})
    async with bench.uplink(settings) as uplink:
        for first in range(0, 1_000, 10):
            uplink.send(findings(first, 10))
            await uplink.flush()
            check_uplink(bench.registry)
        kept = uplink.pending
        assert 100 < kept < 1_000
        assert bench.dropped("spool_full") == 1_000 - kept
        assert bench.count("spool_bytes") <= 1 << 16
        bench.transport.away = False
        await eventually(lambda: uplink.pending == 0)
        serials = bench.core.serials()
        assert len(serials) == kept
        assert serials == sorted(set(serials)), "in order, none twice"
        assert serials[:200] == list(range(200)), "nothing old: later a short one may fit where a long one did not"
        await eventually(lambda: bench.count("spool_bytes") < 1 << 13)
        uplink.send([finding(5_000)])
        await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials()[-1] == 5_000


async def test_a_full_disk_stops_nothing_while_the_core_is_there(bench: Bench, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        bench.folder = disk
        async with bench.uplink() as uplink:
            await eventually(lambda: bench.count("connected") == 1)
            (disk / "other").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
            uplink.send(findings(0, 2_000))
            await uplink.flush()
            await eventually(lambda: uplink.pending == 0)
            assert bench.core.serials() == list(range(2_000))


async def test_a_full_disk_while_the_core_is_away(bench: Bench, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        bench.folder = disk
        bench.transport.away = True
        settings = QUICK.model_copy(update={"memory_max_bytes": 1 << 16})
        async with bench.uplink(settings) as uplink:
            safe = 0
            while True:
                uplink.send(findings(safe, 10))
                try:
                    await asyncio.wait_for(uplink.flush(), 0.5)
                except TimeoutError:
                    break
                safe += 10
            assert bench.count("spool_writable") == 0
            assert safe > 100
            for first in range(safe + 10, safe + 1_010, 10):
                uplink.send(findings(first, 10))
                check_uplink(bench.registry)
            assert bench.dropped("memory_full") > 0
            kept = uplink.pending
            bench.transport.away = False
            await eventually(lambda: uplink.pending == 0)
            serials = bench.core.serials()
            assert serials[: safe + 1] == list(range(safe + 1))
            assert (serials, len(serials)) == (sorted(set(serials)), kept)
            await uplink.flush()
            bench.transport.away = True
            bench.transport.sessions[-1].cut()
            await eventually(lambda: not list(disk.glob("spool/*.spool")) or bench.count("spool_bytes") < 1 << 16)
            uplink.send(findings(9_000, 10))
            await uplink.flush()  # there is room again


async def test_a_restart_on_a_full_disk(bench: Bench, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        bench.folder = disk
        bench.transport.away = True
        async with bench.uplink() as uplink:
            uplink.send(findings(0, 10))
        (disk / "other").write_bytes(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
        bench.transport.away = False
        async with bench.uplink() as uplink:
            uplink.send(findings(10, 10))
            await eventually(lambda: uplink.pending == 0)
        assert bench.core.serials() == list(range(20))


async def test_what_only_memory_held_at_the_stop_is_counted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_spool: Spool, _batch: Batch) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "append", fail)
    bench.transport.away = True
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 5))
        await eventually(lambda: bench.count("spool_writable") == 0)
    assert bench.dropped("not_running") == 5


async def test_damage_costs_what_it_hit_and_is_counted(bench: Bench) -> None:
    bench.transport.away = True
    settings = QUICK.model_copy(update={"spool_segment_bytes": 1 << 12})
    async with bench.uplink(settings) as uplink:
        uplink.send(findings(0, 100))
        await uplink.flush()
    paths = sorted((bench.folder / "spool").glob("*.spool"))
    assert len(paths) > 3
    data = bytearray(paths[0].read_bytes())
    data[len(data) // 2] ^= 1
    paths[0].write_bytes(data)
    gone = range(int(paths[1].stem) - 1, int(paths[2].stem) - 1)
    paths[1].write_bytes(bytes(4_096))
    bench.transport.away = False
    async with bench.uplink(settings) as uplink:
        await eventually(lambda: uplink.pending == 0)
        lost = set(range(100)) - set(bench.core.serials())
        assert set(gone) < lost
        assert len(lost) == len(gone) + 1
        assert bench.count("recovered_total") == 100 - len(gone)  # a file with nothing in it is known at the start
        assert bench.dropped("spool_corrupt") == 1


async def test_a_file_that_somebody_deletes_is_counted(bench: Bench) -> None:
    bench.transport.away = True
    settings = QUICK.model_copy(update={"spool_segment_bytes": 1 << 12, "memory_max_bytes": 1 << 16})
    async with bench.uplink(settings) as uplink:
        for first in range(0, 1_000, 100):
            uplink.send(findings(first, 100))
            await uplink.flush()
        paths = sorted((bench.folder / "spool").glob("*.spool"))
        gone = int(paths[2].stem) - int(paths[1].stem)
        paths[1].unlink()
        bench.transport.away = False
        await eventually(lambda: uplink.pending == 0)
        assert bench.dropped("spool_corrupt") == gone
        assert len(bench.core.serials()) == 1_000 - gone


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


async def test_a_spool_that_was_deleted_is_a_new_sender(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 10))
        await eventually(lambda: uplink.pending == 0)
    first = uplink.sender
    for path in (bench.folder / "spool").iterdir():
        path.unlink()
    async with bench.uplink() as uplink:
        assert uplink.sender != first
        uplink.send(findings(10, 10))
        await eventually(lambda: uplink.pending == 0)
    assert bench.core.serials(first) == list(range(10))
    assert bench.core.serials(uplink.sender) == list(range(10, 20))


async def test_an_old_copy_of_a_spool_loses_nothing(bench: Bench) -> None:
    async with bench.uplink() as uplink:
        uplink.send(findings(0, 10))
        await eventually(lambda: uplink.pending == 0)
    copy = (bench.folder / "spool" / "state").read_bytes()
    async with bench.uplink() as uplink:
        uplink.send(findings(10, 20))
        await eventually(lambda: uplink.pending == 0)
    (bench.folder / "spool" / "state").write_bytes(copy)
    async with bench.uplink() as uplink:
        old = uplink.sender
        uplink.send(findings(30, 5))
        await eventually(lambda: uplink.pending == 0)
        assert uplink.sender != old
        assert bench.core.serials(uplink.sender) == list(range(30, 35))


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
