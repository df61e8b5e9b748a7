"""The past from a real Prometheus, beside what the history makes of the same samples; and from one that fails."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from netmon.api import PeerRefused
from netmon.api.columns import Batch, Rollup, Series
from netmon.core.history.fill import Fill
from netmon.core.history.history import History
from netmon.core.history.periods import DAY_S
from netmon.core.history.prometheus_wire import Found, TooMuch
from netmon.core.history.promql import Ask
from netmon.core.history.settings import PrometheusSettings
from tests.support.history import MIDNIGHT, Shelf, batch, count, history, shelf
from tests.support.prometheus import prometheus
from tests.support.waiting import eventually

DAYS = 3
EVERY_S = 60
BEGIN = MIDNIGHT - DAYS * DAY_S
BYTES = 8.0  # bits

SERIES = (
    Series("sw.1", "disk_used", (("mountpoint", "/"),)),
    Series("sw.1", "disk_used", (("mountpoint", "/var"),)),
    Series("sw2", "disk_used", (("mountpoint", "/"),)),
    Series("sw2", "octets", (("ifName", 'ge-0/0/1"'),)),
)
COUNTER = 3


def samples() -> np.ndarray:
    """Return float64[series, moment]: noise with a swing of the day, and a counter; some moments are missing (NaN)."""
    chance = np.random.default_rng(5)
    at = np.arange(BEGIN, MIDNIGHT, EVERY_S)
    values = np.vstack([50 + 20 * np.sin(at / DAY_S * 2 * np.pi + i) + chance.normal(0, 3, len(at)) for i in range(3)])
    values[1, chance.random(len(at)) < 0.3] = np.nan
    values[2, : len(at) // 2] = np.nan
    octets = np.cumsum(np.round(60 * (1_000 + 300 * np.sin(at / DAY_S * 2 * np.pi))))
    return np.vstack([values, octets])


def openmetrics(values: np.ndarray) -> str:
    lines = []
    for kind, metric in (("gauge", "disk_used"), ("unknown", "octets")):
        lines.append(f"# TYPE {metric} {kind}")
        for series, column in zip(SERIES, values, strict=True):
            labels = dict(series.labels) | {"instance": series.target, "job": "node", "site": "kantor"}
            text = ",".join('{}="{}"'.format(name, value.replace('"', '\\"')) for name, value in labels.items())
            lines += [
                f"{metric}{{{text}}} {value!r} {BEGIN + i * EVERY_S:.0f}"
                for i, value in enumerate(column.tolist())
                if series.metric == metric and value == value  # noqa: PLR0124 - not NaN
            ]
    return "\n".join(lines) + "\n# EOF\n"


def blocks(folder: Path, metrics: str) -> None:
    """Put samples where a Prometheus of this folder finds them."""
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    (folder / "metrics").write_text(metrics)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics"), str(folder / "tsdb")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def own(folder: Path, values: np.ndarray) -> list[Rollup]:
    """Return the days that the history makes of these samples, polled."""
    book = Shelf()
    book.there = list(SERIES)
    kept, _ = history(folder, book)
    polled = values.copy()
    polled[COUNTER, 1:] = np.diff(values[COUNTER]) / EVERY_S * BYTES
    polled[COUNTER, 0] = np.nan
    for i in range(polled.shape[1]):
        rows = np.flatnonzero(~np.isnan(polled[:, i])).astype(np.int32)
        at = np.full(len(rows), BEGIN + i * EVERY_S)
        kept.add(Batch(rows, at, polled[rows, i], np.full(len(rows), 90.0), np.zeros(len(rows), np.bool_)))
        kept.tick(BEGIN + i * EVERY_S)
        kept.flush()
    kept.tick(MIDNIGHT + 60)
    kept.flush()
    found = list(kept.past(DAY_S, 0))
    kept.close()
    return found


def ask(_: int, series: Series) -> Ask:
    return Ask(rate=True, scale=BYTES) if series.metric == "octets" else Ask()


def filler(folder: Path, kept: History, url: str, **settings: object) -> tuple[Fill, CollectorRegistry, list[int]]:
    registry, done = CollectorRegistry(), list[int]()
    parsed = PrometheusSettings.model_validate({"url": url, "begin_after_s": 0, "rest_ratio": 0, **settings})
    return Fill(folder / "history", kept, parsed, ask, done.append, registry), registry, done


async def test_days_of_prometheus_are_those_of_the_history_itself(tmp_path: Path) -> None:
    values = samples()
    blocks(tmp_path, openmetrics(values))
    expected = own(tmp_path / "own", values)
    assert [one.begins for one in expected] == [BEGIN + i * DAY_S for i in range(DAYS)]
    book = Shelf()
    book.there = list(SERIES)
    kept, _ = history(tmp_path, book)
    kept.add(batch(MIDNIGHT, [1.0] * len(SERIES)))
    with prometheus("global: {}\n", tmp_path, "--storage.tsdb.retention.time=50y") as served:
        url = served._url.removesuffix("/api/v1")
        fill, registry, _ = filler(tmp_path, kept, url, window_days=5, days_at_once=2, max_answer_bytes=1 << 16)
        written = await fill.run(MIDNIGHT + 3_600)
        assert (
            written == sum(len(one.slots) for one in expected) == count(registry, "netmon_history_filled_records_total")
        )
        assert await fill.run(MIDNIGHT + 3_600) == 0  # it is there already
    for mine, theirs in zip(expected, kept.past(DAY_S, 0), strict=True):
        compare(by_slot(mine), by_slot(theirs))
    kept.close()


def by_slot(one: Rollup) -> Rollup:
    order = np.argsort(one.slots)
    columns: tuple[np.ndarray[Any, Any], ...] = (one.slots, one.counts, one.minimum, one.mean, one.maximum, one.p95)
    return Rollup(one.begins, one.length_s, *(column[order] for column in columns))


def compare(mine: Rollup, theirs: Rollup) -> None:
    assert (mine.begins, mine.slots.tolist()) == (theirs.begins, theirs.slots.tolist())
    gauges, counter = mine.slots != COUNTER, mine.slots == COUNTER
    assert theirs.counts[gauges].tolist() == mine.counts[gauges].tolist()
    assert theirs.minimum[gauges].tolist() == mine.minimum[gauges].tolist()
    assert theirs.maximum[gauges].tolist() == mine.maximum[gauges].tolist()
    np.testing.assert_allclose(theirs.mean[gauges], mine.mean[gauges], rtol=2e-7)  # float32
    np.testing.assert_allclose(theirs.p95[gauges], mine.p95[gauges], rtol=2e-7)
    for name in ("minimum", "mean", "maximum", "p95"):  # a rate over five minutes lags the polls by half of one
        np.testing.assert_allclose(getattr(theirs, name)[counter], getattr(mine, name)[counter], rtol=2e-3)


Answer = Callable[[str, float, float], list[Found]]


class Stub:
    """Answers each question with one number for every target, or as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, float, float]] = []

    def close(self) -> None:
        pass

    def query_range(self, query: str, start: float, end: float, step_s: float) -> list[Found]:
        assert step_s == DAY_S
        self.asked.append((query, start, end))
        return self.answer(query, start, end)


def numbers(query: str, start: float, end: float) -> list[Found]:
    at = np.arange(start, end + 1, DAY_S)
    targets = query.split('instance=~"')[1].split('"', maxsplit=1)[0].split("|")
    return [({"instance": one, "device": one}, at, np.full(len(at), 7.0)) for one in targets]


async def stubbed(folder: Path, series: int, answer: Answer, **settings: object) -> tuple[Fill, Stub, History]:
    kept, _ = history(folder, shelf(series))
    kept.add(batch(MIDNIGHT, [1.0] * series))
    fill, _, _ = filler(folder, kept, "http://127.0.0.1:1", **settings)
    stub = Stub(answer)
    fill._api = stub  # type: ignore[assignment] # it answers the one question that is asked
    return fill, stub, kept


async def test_it_goes_on_where_it_was_stopped_and_is_done_once(tmp_path: Path) -> None:
    def failing(query: str, start: float, end: float) -> list[Found]:
        if "sw000004" in query:
            raise PeerRefused("execution: broken")
        return numbers(query, start, end)

    fill, stub, kept = await stubbed(tmp_path, 6, failing, series_at_once=2, window_days=10)
    with pytest.raises(PeerRefused):
        await fill.run(MIDNIGHT)
    assert len(stub.asked) == 2 * 2 * 5 + 1  # two groups in two parts, and one question of the third
    kept.close()
    fill, stub, kept = await stubbed(tmp_path, 6, numbers, series_at_once=2, window_days=10)
    fill._marker.load()
    assert await fill.run(MIDNIGHT + DAY_S) == 2 * 10  # of the days before the first try
    assert {"sw000004" in query for query, _, _ in stub.asked} == {True}
    past = list(kept.past(DAY_S, 0))
    assert [one.begins for one in past] == [MIDNIGHT - day * DAY_S for day in range(10, 0, -1)]
    assert {(len(one.slots), one.mean[0]) for one in past} == {(6, 7.0)}
    again, _, done = filler(tmp_path, kept, "http://127.0.0.1:1")
    await again.start()
    assert again._task is None
    await again.stop()
    assert done == []
    kept.close()


async def test_what_is_too_big_is_asked_in_halves(tmp_path: Path) -> None:
    def big(query: str, start: float, end: float) -> list[Found]:
        found = numbers(query, start, end)
        if "sw000003" in query or len(found) > 2 or end - start > 3 * DAY_S:
            raise TooMuch("too big")
        return found

    fill, _, kept = await stubbed(tmp_path, 5, big, window_days=7)
    assert await fill.run(MIDNIGHT) == 4 * 7
    assert count(fill_registry(fill), "netmon_history_fill_too_big_total") == 7
    assert {tuple(one.slots.tolist()) for one in kept.past(DAY_S, 0)} == {(0, 1, 2, 4)}
    kept.close()


def fill_registry(fill: Fill) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(fill._too_big)
    return registry


async def test_what_the_history_has_itself_stays(tmp_path: Path) -> None:
    fill, _, kept = await stubbed(tmp_path, 2, numbers, window_days=2)
    kept.add(batch(MIDNIGHT - DAY_S, [3.0], [1]))
    kept.tick(MIDNIGHT + 60)
    kept.flush()
    assert await fill.run(MIDNIGHT) == 3
    assert [dict(zip(one.slots.tolist(), one.mean.tolist(), strict=True)) for one in kept.past(DAY_S, 0)] == [
        {0: 7.0, 1: 7.0},
        {0: 7.0, 1: 3.0},
    ]
    kept.close()


async def test_it_runs_in_the_background_and_tells_when_it_is_done(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    kept.add(batch(MIDNIGHT, [1.0]))
    fill, registry, done = filler(tmp_path, kept, "http://127.0.0.1:1", window_days=3)
    fill._api = Stub(numbers)  # type: ignore[assignment] # the same
    await fill.start()
    await eventually(lambda: done)
    assert done == [3]
    assert count(registry, "netmon_history_fill_complete") == 1
    await fill.stop()
    kept.close()


async def test_a_marker_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    fill, _, kept = await stubbed(tmp_path, 1, numbers, window_days=1)
    for text in ("", "[]", '{"end": "x"}', '{"end": 1}', "\udcff"):
        (tmp_path / "history/filled.json").write_bytes(text.encode(errors="surrogateescape"))
        fill._marker.load()
        assert not fill._marker.complete
    assert await fill.run(MIDNIGHT) == 1
    kept.close()
