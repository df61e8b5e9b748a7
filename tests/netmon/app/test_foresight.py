"""Polls become columns, rules on many series see them and the past, and what they find goes to the core."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError, Event, Family, Finding, Kind, Part, Reading, Severity, Table
from netmon.api.columns import Batch, Rollup, Slots
from netmon.app.foresight import Foresight, Sight
from netmon.app.statefile import read
from netmon.core.history.history import History
from netmon.core.history.settings import HistorySettings
from rules.pack import Forecast, Pack
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings
from tests.support.waiting import eventually

DAY_S, START = 86_400, 1_790_000_000.0 // 86_400 * 86_400
DISK = Forecast.model_validate(
    {
        "name": "disk_soon",
        "metric": "disk",
        "over": 100,
        "tiers": [{"within_s": 3600, "severity": "warning"}],
        "summary": {"en": "full", "id": "penuh"},
    }
)


class Witness:
    """A rule that finds every value above 50, and remembers all it was shown."""

    name = "witness"
    changes = 0

    def __init__(self) -> None:
        self.seen: list[tuple[int, float]] = []
        self.past: list[tuple[float, int, float]] = []
        self.freed: list[int] = []
        self.sum = np.zeros(1)
        self.ticks = 0
        self.broken = False

    def step(self, batch: Batch) -> Iterator[Finding | Event]:
        if self.broken:
            raise RuntimeError("a bug")
        for slot, value, at in zip(batch.slots.tolist(), batch.values.tolist(), batch.at.tolist(), strict=True):
            self.seen.append((slot, value))
            self.sum += value
            if value > 50:
                yield Finding("over_50", "srv", at, Severity.WARNING, "much", f"over_50/{slot}")

    def learn(self, rollup: Rollup) -> None:
        for slot, mean in zip(rollup.slots.tolist(), rollup.mean.tolist(), strict=True):
            self.past.append((rollup.begins, slot, mean))

    def tick(self, now: float) -> Iterator[Finding | Event]:
        self.ticks += 1
        if self.ticks == 3:
            yield Event(now, "witness", "srv", "test", Severity.INFO, {})

    def free(self, slots: Slots) -> None:
        self.freed += slots.tolist()

    def save(self) -> Mapping[str, NDArray[Any]]:
        return {"sum": self.sum.copy()}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.sum = arrays["sum"]


class Outbox:
    def __init__(self) -> None:
        self.things: list[Finding | Event] = []

    def send(self, things: Sequence[Finding | Event]) -> None:
        self.things += things


class Bench:
    """A foresight over real panel and history, with a clock of the test's."""

    def __init__(self, folder: Path) -> None:
        self.registry, self.witness, self.outbox = CollectorRegistry(), Witness(), Outbox()
        self.panel = Panel([Pack(name="test", forecasts=(DISK,))], WatchSettings(metrics=("load",)))
        self.history = History(folder / "history", HistorySettings(), self.panel, self.registry)
        self.now = START
        sight = Sight(self.panel, (self.witness,), self.history)
        self.file = folder / "rules.npz"
        self.foresight = Foresight(sight, self.outbox, self.file, self.registry, now=lambda: self.now)

    def poll(self, at: float, disk: float, load: float = 1.0) -> None:
        families = tuple(Family(name, Kind.GAUGE, "") for name in ("disk", "load"))
        table = Table(families, (), ((),), ("",), ([disk], [load]), at)
        self.foresight.see(Reading("srv", "snmp", at, 0.1, (Part("p", (table,), 0.1),)))

    def count(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"netmon_{name}", labels)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_rules_find_in_columns_is_sent(bench: Bench) -> None:
    await bench.foresight.start()
    for second in range(3):
        bench.poll(START + second, 49 + second)
        bench.foresight.turn(START + second)
    await bench.foresight.stop()
    assert [type(thing) for thing in bench.outbox.things] == [Finding, Event]
    assert sorted(value for _, value in bench.witness.seen) == [1, 1, 1, 49, 50, 51]
    assert bench.count("series_values_total") == 6
    assert bench.count("series_findings_total", rule="over_50", state="active") == 1


async def test_a_bug_in_a_rule_is_counted_and_the_history_goes_on(bench: Bench) -> None:
    await bench.foresight.start()
    bench.witness.broken = True
    bench.poll(START, 60)
    bench.foresight.turn(START)
    bench.witness.broken = False
    bench.poll(START + 1, 61)
    bench.foresight.turn(START + 1)
    await bench.foresight.stop()
    assert bench.count("series_rule_bugs_total", rule="witness") == 1
    assert [value for _, value in bench.witness.seen] == [61, 1]
    assert bench.count("history_values_total") == 2


async def test_what_is_known_and_the_past_are_there_after_a_restart(bench: Bench, tmp_path: Path) -> None:
    await bench.foresight.start()
    for minute in range(0, 3 * 1440, 5):
        bench.now = START + 60 * minute
        bench.poll(bench.now, minute / 100)
        bench.foresight.turn(bench.now)
        bench.history.flush()  # days pass here in a second, and the disk is to keep up
    await bench.foresight.stop()
    slot = next(one for one in range(bench.panel.size) if (s := bench.panel.series(one)) and s.metric == "disk")

    again = Bench(tmp_path)
    again.now = bench.now + 600
    await again.foresight.start()
    assert again.witness.sum == bench.witness.sum
    again.poll(again.now, 44)
    again.foresight.turn(again.now)
    await again.foresight.learn_past(again.now)
    days = [(begins, where) for begins, where, _ in again.witness.past if (begins - START) % DAY_S == 0]
    assert [where for _, where in days[:2]] == [slot, slot]
    assert [begins for begins, _, _ in again.witness.past[:2]] == [START, START + DAY_S]
    told = len(again.witness.past)
    await again.foresight.learn_past(again.now)
    assert len(again.witness.past) == told  # no series has come since
    await again.foresight.stop()


async def test_a_target_that_leaves_is_freed_everywhere(bench: Bench) -> None:
    await bench.foresight.start()
    bench.poll(START, 10)
    bench.foresight.turn(START)
    await bench.foresight.learn_past(START)
    bench.foresight.forget("srv")
    bench.foresight.turn(START + 1)
    assert sorted(bench.witness.freed) == [0, 1]
    assert bench.panel.series(0) is None
    await bench.foresight.stop()


async def test_what_cannot_be_used_is_said_and_all_begins_anew(bench: Bench) -> None:
    bench.file.write_bytes(b"PK\x03\x04 and nothing more")
    await bench.foresight.start()
    assert bench.count("rules_restore_failures_total") == 1
    bench.poll(START, 10)
    bench.foresight.turn(START)
    await bench.foresight.stop()
    arrays = read(bench.file)
    assert arrays is not None
    assert arrays["witness/sum"] == 11
    assert bench.file.stat().st_mode & 0o777 == 0o600


async def test_what_must_not_be_lost_is_kept_soon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.app.foresight.SAVE_SOON_S", 0.01)
    await bench.foresight.start()
    bench.poll(START, 10)
    bench.foresight.turn(START)
    assert not bench.file.exists()
    bench.witness.changes += 1
    await eventually(bench.file.exists)
    arrays = read(bench.file)
    assert arrays is not None
    assert arrays["witness/sum"] == 11
    await bench.foresight.stop()


async def test_a_rule_that_cannot_use_what_it_kept_begins_anew_and_the_panel_does_not(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.foresight.start()
    bench.poll(START, 10)
    bench.foresight.turn(START)
    await bench.foresight.stop()
    again = Bench(tmp_path)

    def refuse(_arrays: Mapping[str, NDArray[Any]]) -> None:
        raise ValueError("another shape")

    monkeypatch.setattr(again.witness, "restore", refuse)
    await again.foresight.start()
    assert again.panel.size == 2
    assert again.count("rules_restore_failures_total") == 1
    assert (again.count("rules_saved_timestamp_seconds") or 0) > 0
    await again.foresight.stop()


async def test_a_history_that_cannot_be_kept_ends_no_watch(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("not a folder")
    await bench.foresight.start()
    bench.poll(START, 60)
    bench.foresight.turn(START)
    await bench.foresight.stop()
    assert len(bench.outbox.things) == 1
    assert bench.count("history_writable") == 0


async def test_two_daemons_do_not_share_a_history(bench: Bench, tmp_path: Path) -> None:
    await bench.foresight.start()
    with pytest.raises(ConfigError):
        await Bench(tmp_path).foresight.start()
    await bench.foresight.stop()
