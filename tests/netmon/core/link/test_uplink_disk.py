"""The sender and its disk: full, slow to answer, damaged, deleted, copied back, left behind by a crash."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from netmon.core.link import SpoolingUplink
from netmon.core.link.spool import Spool
from netmon.core.link.store import RESERVED_AT_ONCE
from netmon.core.link.wire import Batch
from tests.support.link import QUICK, check_uplink, finding, findings
from tests.support.link_bench import Bench
from tests.support.link_disk import small_disk
from tests.support.waiting import eventually


def crash(uplink: SpoolingUplink) -> None:
    """Leave the files as a killed process would, without the last words."""
    assert uplink._task is not None
    uplink._task.cancel()
    assert uplink._keeper._task is not None
    uplink._keeper._task.cancel()
    uplink._keeper._shut()
    uplink._open = False


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
