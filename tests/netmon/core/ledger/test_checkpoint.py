"""Checkpoints of a real ledger: signed, kept, handed over, and good for a verifier."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import Rejected, Retryable, Witness
from netmon.core.ledger import checkpoint, handover
from netmon.core.ledger.checkpoint import Checkpointer, CheckpointSettings
from netmon.core.ledger.faults import Remark, Wrong
from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.record import Entry, Kind
from netmon.core.ledger.report import Verdict
from netmon.core.ledger.settings import LedgerSettings, RetentionSettings
from netmon.core.ledger.side_writer import SideWriter
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.waiting import eventually


class Keeper:
    """A witness that keeps notes in a list, or fails as it is told."""

    def __init__(self, name: str = "keeper", interval_s: float = 0.01) -> None:
        self.name = name
        self.interval_s = interval_s
        self.kept: list[bytes] = []
        self.fails: list[Exception] = []

    async def publish(self, note: bytes, time: float) -> None:
        del time
        if self.fails:
            raise self.fails.pop(0)
        self.kept.append(note)

    @property
    def sizes(self) -> list[int]:
        return [int(note.split(b"\n")[1]) for note in self.kept]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "TICK_S", 0.005)
    monkeypatch.setattr(checkpoint, "RETRY_S", 0.02)
    monkeypatch.setattr(handover, "RETRY_S", 0.005)


SMALL = LedgerSettings(commit_wait_ms=0, segment_max_bytes=4_096, retention=RetentionSettings(default_months=1))


class Running:
    """A ledger and its checkpointer, wired as the core wires them."""

    def __init__(self, directory: Path, witnesses: Sequence[Witness], interval_s: float) -> None:
        self.registry = CollectorRegistry()
        self.ledger = Ledger(directory, SMALL, self.registry, host_name="core-1", now=self.now)
        settings = CheckpointSettings.model_construct(interval_s=interval_s)
        self.checkpointer = Checkpointer(
            directory, self.ledger.tree, lambda: self.ledger.origin, settings, self.registry, witnesses=witnesses
        )
        self.ledger.on_commit.append(self.checkpointer.note_commit)

    def now(self) -> float:
        return time.time()

    async def append(self, count: int) -> None:
        for at in range(count):
            await self.ledger.append(
                [Entry(Kind.EVENT, self.now(), "core-1", {"message": f"event {at}", "pad": "x" * 100})]
            )

    def value(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def running(
    directory: Path, witnesses: Sequence[Witness] = (), interval_s: float = 0.01
) -> AsyncIterator[Running]:
    core = Running(directory, witnesses, interval_s)
    await core.ledger.start()
    await core.checkpointer.start()
    try:
        yield core
    finally:
        await core.ledger.stop()
        await core.checkpointer.stop()
        await core.checkpointer.stop()


def sizes(directory: Path) -> list[int]:
    path = directory / "checkpoints.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [int(json.loads(line)["note"].split("\n")[1]) for line in lines]


async def test_what_is_written_is_sealed(tmp_path: Path) -> None:
    async with running(tmp_path) as core:
        await core.append(50)
        await eventually(lambda: core.value("netmon_ledger_checkpoint_size") == core.ledger.size)
        assert core.value("netmon_ledger_checkpoint_timestamp_seconds") > 1e9
        await core.append(5)
    report = verify(tmp_path)
    assert report.verdict is Verdict.GOOD
    assert report.records == report.sealed == core.ledger.size
    assert report.remarks == [Remark.OWN_KEY, Remark.NO_WITNESS]  # so every line has its hash beside it
    assert sizes(tmp_path) == sorted(set(sizes(tmp_path)))
    assert (tmp_path / "checkpoint").read_text(encoding="utf-8").split("\n")[1] == str(core.ledger.size)


async def test_nothing_new_is_not_signed_again(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=0.001) as core:
        await core.append(1)
        await eventually(lambda: sizes(tmp_path)[-1:] == [core.ledger.size])
        before = sizes(tmp_path)
        for _ in range(20):
            await core.checkpointer._tick()
        assert sizes(tmp_path) == before


async def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        async with running(tmp_path, interval_s=1000) as core:
            await core.append(30)
    assert verify(tmp_path).verdict is Verdict.GOOD
    assert len(sizes(tmp_path)) >= 3
    assert (tmp_path / "ledger.pub").read_text(encoding="utf-8").count("\n") == 1


async def test_a_changed_record_is_named_exactly(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(60)
    segment = max((tmp_path / "segments").glob("*.jsonl"))
    text = segment.read_bytes()
    segment.write_bytes(text.replace(b"event 58", b"event 85"))
    fault = verify(tmp_path).first_bad
    assert fault is not None
    seq = next(json.loads(line)["seq"] for line in text.splitlines()[1:] if b"event 58" in line)
    assert (fault.wrong, fault.seq) == (Wrong.CHANGED, seq)


@pytest.mark.parametrize("keep", [None, 0, 31, 32, 33, 64, 100])
async def test_side_files_are_made_again(tmp_path: Path, keep: int | None) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(60)
    sides = sorted((tmp_path / "segments").glob("*.hashes"))
    before = [side.read_bytes() for side in sides]
    assert len(sides) > 2
    for side, content in zip(sides, before, strict=True):
        if keep is None:
            side.unlink()
        else:
            side.write_bytes(content[:keep])
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(1)
    assert [side.read_bytes() for side in sides[:-1]] == before[:-1]
    report = verify(tmp_path)
    assert (report.verdict, Remark.NO_SIDE_FILE in report.remarks) == (Verdict.GOOD, False)


async def test_hashes_that_no_checkpoint_sealed_are_made_again(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(10)
    side = max((tmp_path / "segments").glob("*.hashes"))
    with side.open("ab") as file:
        file.write(b"x" * 320)  # as a power cut may leave it
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(20)
    report = verify(tmp_path)
    assert (report.verdict, Remark.SIDE_FILE in report.remarks) == (Verdict.GOOD, False)


async def test_lines_that_did_not_wait_in_memory_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "MAX_WAITING_RECORDS", 3)
    monkeypatch.setattr(checkpoint, "TICK_S", 1000)
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(25)
        assert core.value("netmon_ledger_hashes_reread_total") > 0
    report = verify(tmp_path)
    assert (report.verdict, report.sealed, Remark.NO_SIDE_FILE in report.remarks) == (
        Verdict.GOOD,
        core.ledger.size,
        False,
    )


def test_a_side_writer_reads_what_it_was_not_told(tmp_path: Path) -> None:
    ledger = ledgers.make(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "segments").glob("*.hashes")}
    for path in before:
        path.unlink()
    writer = SideWriter(tmp_path)
    writer.resume(0)
    writer.note(40, ledger.lines[40:50])
    writer.note(45, ledger.lines[45:55])
    writer.note(50, ledger.lines[50:52])
    writer.extend_to(100)
    writer.close()
    assert {path: path.read_bytes() for path in before} == before


async def test_a_torn_line_of_checkpoints_is_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(1)
    with (tmp_path / "checkpoints.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"time":"2026-01-01T00:00:00Z","note":"')
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(1)
    report = verify(tmp_path)
    assert (report.verdict, report.sealed, Remark.TORN_CHECKPOINT in report.remarks) == (
        Verdict.GOOD,
        core.ledger.size,
        False,
    )


async def test_a_ledger_that_does_not_go_on_is_not_signed(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(3)
    size, before = core.ledger.size, sizes(tmp_path)
    segment = max((tmp_path / "segments").glob("*.jsonl"))
    (tmp_path / "committed").unlink()
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:-1]))  # a backup that is too old
    async with running(tmp_path, interval_s=0.001) as core:
        await core.append(4)
        await eventually(lambda: core.checkpointer.problem)
        assert str(size) in core.checkpointer.problem
        assert core.value("netmon_ledger_checkpoint_consistent") == 0
    assert sizes(tmp_path) == before


async def test_a_disk_that_refuses_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.jsonl").mkdir()
    async with running(tmp_path, interval_s=0.001) as core:
        await core.append(3)
        await eventually(lambda: core.value("netmon_ledger_checkpoint_errors_total", error="IsADirectoryError") > 1)
        assert "cannot be written" in core.checkpointer.problem
        (tmp_path / "checkpoints.jsonl").rmdir()
        await eventually(lambda: not core.checkpointer.problem)
        await eventually(lambda: core.value("netmon_ledger_checkpoint_size") == core.ledger.size)
    assert verify(tmp_path).verdict is Verdict.GOOD


async def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(1)
    (tmp_path / "ledger.key").chmod(0o644)
    async with running(tmp_path, interval_s=0.001) as core:
        await eventually(lambda: "only its owner can read" in core.checkpointer.problem)


async def test_witnesses_get_the_newest(tmp_path: Path) -> None:
    keeper, slow = Keeper(), Keeper("slow", 1000)
    async with running(tmp_path, [keeper, slow], interval_s=0.001) as core:
        for _ in range(5):
            await core.append(5)
            await eventually(lambda: keeper.sizes[-1:] == [core.ledger.size])
        assert len(slow.kept) == 1
        assert core.value("netmon_ledger_witness_last_success_timestamp_seconds", witness="keeper") > 1e9
        await core.append(1)
    assert keeper.sizes[-1] == slow.sizes[-1] == core.ledger.size  # at the stop at the latest
    report = verify(tmp_path, checkpoints={"kept": b"".join(keeper.kept)})
    assert (report.verdict, report.sealed_outside) == (Verdict.GOOD, core.ledger.size)


async def test_a_witness_that_was_away_gets_the_newest(tmp_path: Path) -> None:
    keeper = Keeper(interval_s=0.02)
    keeper.fails = [Retryable("away"), Retryable("away", 0.01), Rejected("no"), KeyError("bug"), TimeoutError()]
    async with running(tmp_path, [keeper], interval_s=0.001) as core:
        await core.append(5)
        await eventually(lambda: keeper.sizes[-1:] == [core.ledger.size])
        failures = {
            reason: core.value("netmon_ledger_witness_failures_total", witness="keeper", reason=reason)
            for reason in ("retryable", "rejected", "bug")
        }
        assert failures == {"retryable": 3, "rejected": 1, "bug": 1}


async def test_a_restart_repeats_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    daily, often = Keeper("daily", 86_400), Keeper("often", 0.01)
    async with running(tmp_path, [daily, often], interval_s=0.001) as core:
        await core.append(5)
        await eventually(lambda: daily.kept and often.sizes[-1:] == [core.ledger.size])
        often.fails = [Retryable("away")] * 10_000
        await core.append(1)
        await eventually(lambda: core.value("netmon_ledger_checkpoint_size") == core.ledger.size)
    before, often.fails = len(daily.kept), []
    async with running(tmp_path, [daily, often], interval_s=1000) as core:
        await eventually(lambda: often.sizes[-1:] == [core.value("netmon_ledger_checkpoint_size")])
        await asyncio.sleep(0)
    assert len(daily.kept) == before


async def test_a_purged_ledger_is_good_and_a_forged_stub_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_700_000_000.0]
    monkeypatch.setattr(Running, "now", lambda _self: clock[0])
    async with running(tmp_path, interval_s=1000) as core:
        await core.append(60)
        for _ in range(40):
            clock[0] += 86_400
            await core.append(1)
        await core.append(60)
        assert await core.ledger.purge(clock[0]) > 30
    report = verify(tmp_path)
    assert (report.verdict, report.stubs > 30, report.acts > 1) == (Verdict.GOOD, True, True)
    assert report.sealed == report.records
    side_files = {path: path.read_bytes() for path in (tmp_path / "segments").glob("*.hashes")}
    segment = sorted((tmp_path / "segments").glob("*.jsonl"))[-2]
    lines = segment.read_bytes().splitlines(keepends=True)
    seq = json.loads(lines[3])["seq"]
    lines[3] = ledgers.stub(seq, ledgers.leaf(lines[3][:-1]), report.records - 1) + b"\n"
    segment.write_bytes(b"".join(lines))
    fault = verify(tmp_path).first_bad
    assert fault is not None
    assert (fault.wrong, fault.seq) == (Wrong.NO_ACT, seq)
    for path in side_files:
        path.unlink()
    async with running(tmp_path, interval_s=1000) as core:  # hashes are made again from stubs too
        pass
    assert all((tmp_path / path).read_bytes().startswith(data) for path, data in side_files.items())
