"""The ledger as the core sees it: futures, health, limits, and what it counts."""

import asyncio
import errno
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError
from netmon.core.ledger.causes import cause
from netmon.core.ledger.files import Disk
from netmon.core.ledger.group import TooLong
from netmon.core.ledger.ledger import Ledger, LedgerClosed, LedgerFull, read
from netmon.core.ledger.merkle import EMPTY_ROOT
from netmon.core.ledger.settings import LedgerSettings, RetentionSettings
from tests.support.ledger_store import Clock, FailingDisk, check, entry, newest, running
from tests.support.waiting import eventually


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    return registry.get_sample_value(f"netmon_ledger_{name}", labels) or 0.0


async def test_a_future_is_done_when_it_is_on_disk(tmp_path: Path) -> None:
    disk = FailingDisk()
    async with running(tmp_path, disk=disk) as ledger:
        assert await ledger.append([entry(1)]) == 1
        assert disk.asked[-2:] == ["sync", "write"]  # the second is the hint
        assert ledger.size == 2
        assert await ledger.append([entry(2, more=True), entry(3)]) == 2
        found = check(tmp_path)
        assert found.numbers() == [1, 2, 3]
        assert ledger.tree() == (found.size, found.root)
        assert [seq for seq, _ in read(tmp_path)] == [0, 1, 2, 3]


async def test_appends_keep_their_order_and_share_syncs(tmp_path: Path) -> None:
    disk = FailingDisk()
    async with running(tmp_path, LedgerSettings(commit_wait_ms=100), disk=disk) as ledger:
        before = disk.asked.count("sync")
        futures = [ledger.append([entry(number)]) for number in range(500)]
        assert await asyncio.gather(*futures) == list(range(1, 501))
        assert disk.asked.count("sync") == before + 1
    assert check(tmp_path).numbers() == list(range(500))


async def test_commits_are_told_in_order_after_the_sync_and_before_the_future(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, LedgerSettings(), CollectorRegistry(), host_name="h", now=Clock())
    told: list[tuple[int, int]] = []

    def note(first: int, lines: object) -> None:
        assert threading.current_thread() is threading.main_thread()
        assert isinstance(lines, list)
        told.append((first, len(lines)))
        assert check(tmp_path).size == first + len(lines)

    def fail(*_: object) -> None:
        raise RuntimeError("a listener's bug")

    ledger.on_commit += [fail, note]
    await ledger.start()
    await ledger.append([entry(1), entry(2)])
    assert told == [(0, 1), (1, 2)]
    await ledger.stop()


async def test_what_is_known_of_senders(tmp_path: Path) -> None:
    async with running(tmp_path) as ledger:
        assert ledger.sources == {}
        await ledger.append([entry(1, key="a-1:4"), entry(2, key="a-1:5"), entry(3)])
        assert ledger.sources == {"a-1": 5}
        origin = ledger.origin
    async with running(tmp_path) as ledger:
        assert (ledger.sources, ledger.origin) == ({"a-1": 5}, origin)


async def test_what_the_line_says_of_the_clock(tmp_path: Path) -> None:
    ledger = Ledger(
        tmp_path, LedgerSettings(), CollectorRegistry(), host_name="h", now=Clock(), clock_offset=lambda: -0.25
    )
    await ledger.start()
    await ledger.append([entry(1)])
    await ledger.stop()
    assert b'"clock_offset_s":-0.25' in check(tmp_path).lines[1]


async def test_stop_commits_what_waits(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, LedgerSettings(commit_wait_ms=100), CollectorRegistry(), host_name="h", now=Clock())
    await ledger.start()
    futures = [ledger.append([entry(number)]) for number in range(5_000)]
    await ledger.stop()
    assert await futures[-1] == 5_000
    await ledger.stop()
    assert check(tmp_path).numbers() == list(range(5_000))
    with pytest.raises(LedgerClosed):
        ledger.append([entry(1)])


async def test_a_ledger_never_started_can_be_stopped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l", LedgerSettings(), CollectorRegistry(), host_name="h")
    assert (ledger.size, ledger.tree(), ledger.healthy) == (0, (0, EMPTY_ROOT), False)
    await ledger.stop()
    assert not (tmp_path / "l").exists()


async def test_what_cannot_be_written_waits(tmp_path: Path) -> None:
    disk, registry = FailingDisk(), CollectorRegistry()
    health: list[tuple[bool, str]] = []
    async with running(tmp_path, registry=registry, disk=disk) as ledger:
        ledger.on_health.append(lambda *said: health.append(said))
        disk.fail["write"] = errno.ENOSPC
        future = ledger.append([entry(1)])
        await eventually(lambda: not ledger.healthy)
        assert ledger.problem == f"no space left on the disk that holds {tmp_path}"
        assert value(registry, "healthy") == 0
        assert value(registry, "waiting_records") == 1
        assert value(registry, "write_errors_total", error="ENOSPC") >= 1
        assert not future.done()
        assert ledger.size == 1
        disk.fail.clear()
        assert await future == 1
        assert ledger.healthy
        assert value(registry, "healthy") == 1
    assert health == [(False, f"no space left on the disk that holds {tmp_path}"), (True, "")]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EROFS, "x"), "the disk that holds /l is read-only"),
        (OSError(errno.ESTALE, "stale"), f"[Errno {errno.ESTALE}] stale"),
        (ValueError("a bug"), "a bug"),
    ],
)
def test_the_cause_in_words(error: Exception, words: str) -> None:
    assert cause(error, "/l") == words


class HangingDisk(Disk):
    """A disk whose sync returns when it is let."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.answers.set()

    def sync(self, fd: int) -> None:
        assert self.answers.wait(30)
        super().sync(fd)


async def test_a_disk_that_hangs_is_told(tmp_path: Path) -> None:
    disk, registry = HangingDisk(), CollectorRegistry()
    health: list[tuple[bool, str]] = []
    async with running(tmp_path, LedgerSettings(commit_wait_ms=0, stalled_after_s=0.1), registry, disk) as ledger:
        ledger.on_health.append(lambda *said: health.append(said))
        disk.answers.clear()
        try:
            future = ledger.append([entry(1)])
            await eventually(lambda: not ledger.healthy)
            assert ledger.problem.startswith(f"the disk that holds {tmp_path} does not answer: ")
            assert value(registry, "healthy") == 0
            assert value(registry, "stalls_total") == 1
            assert not future.done()
        finally:
            disk.answers.set()
        assert await future == 1
        await eventually(lambda: ledger.healthy)
        assert value(registry, "healthy") == 1
    assert [healthy for healthy, _ in health] == [False, True]


async def test_a_disk_that_hangs_does_not_keep_the_daemon_from_starting(tmp_path: Path) -> None:
    disk = HangingDisk()
    disk.answers.clear()
    ledger = Ledger(
        tmp_path, LedgerSettings(stalled_after_s=0.1), CollectorRegistry(), host_name="h", now=Clock(), disk=disk
    )
    try:
        await asyncio.wait_for(ledger.start(), 20)
        assert "does not answer" in ledger.problem
    finally:
        disk.answers.set()
    await eventually(lambda: ledger.healthy)
    await ledger.stop()


@pytest.mark.parametrize("error", [errno.EROFS, errno.ENOSPC, errno.EIO])
async def test_a_bad_disk_does_not_keep_the_daemon_from_starting(tmp_path: Path, error: int) -> None:
    disk = FailingDisk(fail={"create": error})
    async with running(tmp_path, disk=disk) as ledger:
        assert (ledger.healthy, ledger.origin) == (False, "")
        future = ledger.append([entry(1)])
        disk.fail.clear()
        assert await future == 1
        assert ledger.healthy
        assert ledger.origin.startswith("netmon/host/")
        assert ledger.tree() == (2, check(tmp_path).root)


async def test_what_still_waits_at_the_end_is_given_back(tmp_path: Path) -> None:
    disk, registry = FailingDisk(), CollectorRegistry()
    async with running(tmp_path, registry=registry, disk=disk) as ledger:
        disk.fail["sync"] = errno.EIO
        futures = [ledger.append([entry(1), entry(2)]), ledger.append([entry(3)])]
    for future in futures:
        with pytest.raises(LedgerClosed):
            await future
    assert value(registry, "rejected_records_total", reason="closed") == 3
    assert value(registry, "waiting_records") == 0


async def test_too_much_waiting_is_refused_at_once(tmp_path: Path) -> None:
    disk, registry = FailingDisk(), CollectorRegistry()
    async with running(tmp_path, LedgerSettings(max_waiting_records=1_000), registry, disk) as ledger:
        disk.fail["write"] = errno.ENOSPC
        futures = [ledger.append([entry(number), entry(number)]) for number in range(500)]
        with pytest.raises(LedgerFull):
            ledger.append([entry(1)])
        disk.fail.clear()
        await futures[-1]
        await ledger.append([entry(1)])
    assert value(registry, "rejected_records_total", reason="full") == 1
    assert check(tmp_path).size == 1_002


async def test_the_count_adds_up(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with running(tmp_path, LedgerSettings(max_record_bytes=2_000), registry) as ledger:
        bad = entry(2)
        object.__setattr__(bad, "data", {"thing": object()})
        futures = [
            ledger.append([entry(1)]),
            ledger.append([bad]),
            ledger.append([entry(3), entry(4, text="x" * 3_000)]),
            ledger.append([entry(5)]),
        ]
        done = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(each) for each in done] == [int, ValueError, TooLong, int]
    assert value(registry, "appended_records_total") == 5
    assert value(registry, "committed_records_total") == 2
    assert value(registry, "rejected_records_total", reason="unencodable") == 1
    assert value(registry, "rejected_records_total", reason="too_large") == 2
    assert value(registry, "own_records_total") == 1
    assert value(registry, "size_records") == check(tmp_path).size == 3
    header = newest(tmp_path).read_bytes().index(b"\n") + 1
    assert value(registry, "bytes_total") == newest(tmp_path).stat().st_size - header
    assert value(registry, "segments") == 1
    assert value(registry, "commit_seconds_count") == value(registry, "commits_total") >= 1


async def test_one_whom_nobody_waits_for(tmp_path: Path) -> None:
    async with running(tmp_path) as ledger:
        ledger.append([entry(1)]).cancel()
        assert await ledger.append([entry(2)]) == 2


@pytest.mark.parametrize("entries", [[], [entry(1, more=True)]])
async def test_what_is_no_act(tmp_path: Path, entries: list[object]) -> None:
    async with running(tmp_path) as ledger:
        with pytest.raises(ValueError, match="an act has"):
            ledger.append(entries)  # type: ignore[arg-type]


async def test_two_writers_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as first:
        with pytest.raises(ConfigError, match="another process writes this ledger"):
            async with running(tmp_path):
                pass
        await first.append([entry(1)])
    async with running(tmp_path) as again:
        assert again.size == 2


async def test_a_file_where_the_ledger_belongs(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("")
    with pytest.raises(ConfigError, match="cannot be opened"):
        async with running(tmp_path / "ledger" / "x"):
            pass


async def test_repair_and_damage_are_told(tmp_path: Path) -> None:
    async with running(tmp_path) as ledger:
        await ledger.append([entry(1)])
    with newest(tmp_path).open("ab") as file:
        file.write(b"torn")
    registry = CollectorRegistry()
    async with running(tmp_path, registry=registry) as ledger:
        assert (ledger.damage, ledger.size) == ("", 3)
    assert value(registry, "repaired_bytes_total") == 4
    newest(tmp_path).write_bytes(newest(tmp_path).read_bytes().replace(b'"number":1', b'"number":2'))
    registry = CollectorRegistry()
    async with running(tmp_path, registry=registry) as ledger:
        assert ledger.healthy
        assert "a record was changed" in ledger.damage
        assert value(registry, "damaged") == 1


def test_settings_refuse_to_purge_the_ledgers_own() -> None:
    with pytest.raises(ValueError, match="kept for ever"):
        RetentionSettings(categories={"ledger": 3})
    with pytest.raises(ValueError, match="is not between"):
        RetentionSettings(categories={"network": 0})
    kept = RetentionSettings(categories={"network": 3, "authentication": None})
    assert [kept.months(each) for each in ("network", "authentication", "ledger", "x")] == [3, None, None, 24]
