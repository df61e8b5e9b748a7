"""What is past its months goes, its hash stays, and a crash between the two leaves a ledger that verifies."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.record import leaf_hash
from netmon.core.ledger.retention import months_before
from netmon.core.ledger.segments import segments
from netmon.core.ledger.settings import LedgerSettings, RetentionSettings
from tests.support.ledger_store import NOON, Checked, Clock, FailingDisk, check, entry, running, writer

DAY = 86_400.0
POLICY = RetentionSettings(default_months=2, categories={"network": 1, "authentication": None})
SETTINGS = LedgerSettings(commit_wait_ms=0, retention=POLICY)


def three_days(directory: Path) -> None:
    """One segment a day, each with a record of three categories."""
    clock = Clock()
    ledger = writer(directory, now=clock)
    ledger.open()
    for day in range(3):
        clock.at = NOON + day * DAY
        ledger.commit(
            [[entry(day * 10 + i, category=each)] for i, each in enumerate(("network", "authentication", "process"))]
        )
    ledger.close()


def live(directory: Path, until: float) -> None:
    """Write something every day up to this time, from the last record on."""
    clock = Clock(segments(directory)[-1].began())
    ledger = writer(directory, now=clock)
    ledger.open()
    while clock.at + DAY < until:
        clock.at += DAY
        ledger.commit([[entry(-1, category="authentication")]])
    ledger.close()


def kept(found: Checked) -> list[int]:
    """Return the numbers of the records of the first three days that are left."""
    return [number for number in found.numbers() if number >= 0]


def stubs(directory: Path) -> dict[int, tuple[str, int]]:
    """Return seq → (leaf's hash, act) of what was purged."""
    lines = map(json.loads, check(directory).lines)
    return {line["seq"]: (line["purged"], line["by"]) for line in lines if "purged" in line}


def digest_of(*leaves: tuple[int, bytes]) -> str:
    return sha256(b"".join(seq.to_bytes(8, "big") + leaf for seq, leaf in leaves)).hexdigest()


async def purge(directory: Path, at: float, disk: FailingDisk | None = None) -> tuple[int, Ledger]:
    live(directory, at)
    async with running(directory, SETTINGS, now=Clock(at), disk=disk) as ledger:
        return await ledger.purge(at), ledger


async def test_what_is_over_goes_and_the_rest_stays(tmp_path: Path) -> None:
    three_days(tmp_path)
    before = check(tmp_path)
    registry = CollectorRegistry()
    at = NOON + 32.5 * DAY
    live(tmp_path, at)
    async with running(tmp_path, SETTINGS, registry, now=Clock(at)) as ledger:
        assert await ledger.purge(at) == 2  # the network's of the first two days; the third ended half a day too late
        assert await ledger.purge(at) == 0
        after = check(tmp_path)
        assert ledger.tree() == (after.size, after.root)
    assert registry.get_sample_value("netmon_ledger_purged_records_total", {"category": "network"}) == 2
    assert kept(after) == [1, 2, 11, 12, 20, 21, 22]
    leaves = {1: leaf_hash(before.lines[1]), 5: leaf_hash(before.lines[5])}
    acts = [json.loads(line) for line in after.lines if b'"what":"purged"' in line]
    assert stubs(tmp_path) == {1: (leaves[1].hex(), acts[0]["seq"]), 5: (leaves[5].hex(), acts[1]["seq"])}
    assert acts[0]["kind"] == acts[0]["category"] == "ledger"
    assert acts[1]["data"] == {
        "what": "purged",
        "segment": 4,
        "category": "network",
        "before": f"{datetime.fromtimestamp(months_before(at, 1), UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        "count": 1,
        "digest": digest_of((5, leaves[5])),
    }


async def test_categories_go_one_after_another(tmp_path: Path) -> None:
    three_days(tmp_path)
    assert (await purge(tmp_path, NOON + 32 * DAY))[0] == 2
    assert (await purge(tmp_path, NOON + 63.5 * DAY))[0] == 3
    found = check(tmp_path)
    assert kept(found) == [1, 11, 21, 22]
    assert (await purge(tmp_path, NOON + 130 * DAY))[0] == 1
    assert (await purge(tmp_path, NOON + 200 * DAY))[0] == 0
    assert kept(check(tmp_path)) == [1, 11, 21]  # for ever
    assert len(check(tmp_path).own("segment")) == len(segments(tmp_path))  # the ledger's own as well


async def test_nothing_before_its_time(tmp_path: Path) -> None:
    three_days(tmp_path)
    assert (await purge(tmp_path, NOON + 29 * DAY))[0] == 0
    assert check(tmp_path).own("purged") == []


@pytest.mark.parametrize("years", [0.2, 20])
async def test_a_clock_that_jumps_ahead_ends_nothing(tmp_path: Path, years: float) -> None:
    three_days(tmp_path)
    registry = CollectorRegistry()
    at = NOON + years * 365 * DAY
    async with running(tmp_path, SETTINGS, registry, now=Clock(at)) as ledger:
        assert await ledger.purge(at) == 0
        assert "set the clock" in ledger.held
        assert registry.get_sample_value("netmon_ledger_purge_held_segments") == 2
        await ledger.append([entry(-1)])
        assert await ledger.purge(at) == 0
    assert check(tmp_path).own("purged") == []
    live(tmp_path, at + 12 * DAY)  # and nobody notices for days
    async with running(tmp_path, SETTINGS, now=Clock(at + 12 * DAY)) as ledger:
        assert await ledger.purge(at + 12 * DAY) == 0


async def test_after_the_clock_was_set_right_retention_goes_on(tmp_path: Path) -> None:
    three_days(tmp_path)
    await purge(tmp_path, NOON + 3 * DAY)
    async with running(tmp_path, SETTINGS, now=Clock(NOON + 7_000 * DAY)) as ledger:
        assert await ledger.append([entry(99)])
    clock = Clock(NOON + 4 * DAY)
    one = writer(tmp_path, now=clock)
    one.open()
    for _ in range(40):
        clock.at += DAY
        one.commit([[entry(-1, category="authentication")]])
    one.close()
    async with running(tmp_path, SETTINGS, now=clock) as ledger:
        assert await ledger.purge(clock.at) == 2  # by its successor, the third day ended in the far future
        assert ledger.held == ""
    assert 99 in check(tmp_path).numbers()  # by its own time it was written later


async def test_what_a_header_says_of_its_time_ends_nothing(tmp_path: Path) -> None:
    three_days(tmp_path)
    for segment in segments(tmp_path):
        content = segment.path.read_bytes()
        end = content.index(b"\n")
        head = re.sub(rb'"created":"\d{4}', b'"created":"2001', content[:end])
        segment.path.write_bytes(head + content[end:])
    assert (await purge(tmp_path, NOON + 20 * DAY))[0] == 0


async def test_months_count_from_when_a_record_was_written(tmp_path: Path) -> None:
    ledger = writer(tmp_path, now=(clock := Clock()))
    ledger.open()
    old = entry(1, category="network")
    object.__setattr__(old, "at", 0.0)  # a device whose clock was never set
    ledger.commit([[old]])
    clock.at += DAY
    ledger.commit([[entry(2)]])
    ledger.close()
    assert (await purge(tmp_path, NOON + 20 * DAY))[0] == 0


@pytest.mark.parametrize("operation", ["create", "write", "sync", "replace"])
async def test_a_purge_that_the_disk_refuses_is_done_later(tmp_path: Path, operation: str) -> None:
    three_days(tmp_path)
    at, disk = NOON + 32.5 * DAY, FailingDisk()
    live(tmp_path, at)
    async with running(tmp_path, SETTINGS, now=Clock(at), disk=disk) as ledger:
        await ledger.append([entry(99)])
        carry_out = ledger._retention.carry_out

        def refuse(*arguments: object) -> None:
            disk.fail[operation] = 28
            try:
                carry_out(*arguments)  # type: ignore[arg-type]
            finally:
                disk.fail.clear()

        ledger._retention.carry_out = refuse  # type: ignore[method-assign,assignment]
        assert await ledger.purge(at) == 0
        assert stubs(tmp_path) == {}
        assert list((tmp_path / "segments").glob("*.new")) == []
        assert len(check(tmp_path).own("purged")) == 1  # announced, not carried out
        ledger._retention.carry_out = carry_out  # type: ignore[method-assign]
        assert await ledger.purge(at) == 2
    assert len(check(tmp_path).own("purged")) == 3


async def test_a_crash_between_the_act_and_the_rewrite(tmp_path: Path) -> None:
    three_days(tmp_path)
    at = NOON + 32.5 * DAY
    live(tmp_path, at)
    async with running(tmp_path, SETTINGS, now=Clock(at)) as ledger:
        expired = ledger._retention.expired(at)
        plan = ledger._retention.plan(expired[0])
        await ledger.append(plan.acts(at, ledger.origin))
    assert stubs(tmp_path) == {}
    assert (await purge(tmp_path, at))[0] == 2
    found = check(tmp_path)
    announced = [json.loads(line)["seq"] for line in found.lines if b'"what":"purged"' in line]
    assert len(announced) == 3
    assert {by for _, by in stubs(tmp_path).values()} == set(announced[1:])  # the newer act names the stubs


async def test_a_damaged_segment_is_not_purged(tmp_path: Path) -> None:
    three_days(tmp_path)
    path = segments(tmp_path)[0].path
    path.write_bytes(path.read_bytes().replace(b'"number":2,', b'"number":3,'))
    content = path.read_bytes()
    assert (await purge(tmp_path, NOON + 32.5 * DAY))[0] == 1  # the second day's
    assert path.read_bytes() == content


async def test_nothing_is_announced_that_cannot_be_read(tmp_path: Path) -> None:
    three_days(tmp_path)
    path = segments(tmp_path)[0].path
    path.write_bytes(path.read_bytes().replace(b'{"seq":2,', b'{"seq":\0,'))
    assert (await purge(tmp_path, NOON + 32.5 * DAY))[0] == 1
    assert [act["segment"] for act in check_acts(tmp_path)] == [4]


def check_acts(directory: Path) -> list[dict[str, object]]:
    lines = segments(directory)[-1].path.read_bytes().splitlines()
    return [json.loads(line)["data"] for line in lines if b'"what":"purged"' in line]


@pytest.mark.parametrize(
    ("now", "months", "before"),
    [
        ("2026-11-22T10:00", 24, "2024-11-22T10:00"),
        ("2026-03-31T00:00", 1, "2026-02-28T00:00"),
        ("2024-03-31T00:00", 1, "2024-02-29T00:00"),
        ("2026-01-15T00:00", 1, "2025-12-15T00:00"),
        ("2026-12-31T00:00", 12, "2025-12-31T00:00"),
        ("2027-01-31T00:00", 2, "2026-11-30T00:00"),
        ("2026-01-01T00:00", 1_200, "1926-01-01T00:00"),
    ],
)
def test_months_before(now: str, months: int, before: str) -> None:
    at, expected = (datetime.fromisoformat(each).replace(tzinfo=UTC).timestamp() for each in (now, before))
    assert months_before(at, months) == expected
