"""The board of anomaly events: what it takes, what it shows, what it keeps."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from netmon.core.unusual import board as module
from netmon.core.unusual.board import Board
from netmon.core.unusual.metrics import UnusualMetrics
from tests.support.unusual import METRIC, anomaly

T0 = 1_780_000_000.0


def learned(*events: tuple[str, float, dict[str, object]]) -> Board:
    board = Board()
    for target, at, fields in events:
        board.learn(target, at, fields)
    return board


def test_each_series_once_when_it_was_most_unusual() -> None:
    board = learned(
        ("sw-1", T0, anomaly(0.6)),
        ("sw-1", T0 + 60, anomaly(0.8, value=-25.0)),
        ("sw-1", T0 + 120, anomaly(0.7)),
        ("sw-1", T0, anomaly(0.75, port="xe-0/2")),
        ("sw-2", T0, anomaly(0.9)),
    )
    first, second, third = board.found(T0, T0 + 120)
    assert (first.target, first.score, first.times) == ("sw-2", 0.9, 1)
    assert (second.target, second.metric, second.labels) == ("sw-1", METRIC, "ifName=xe-0/1,lane=1")
    assert (second.at, second.value, second.expected) == (T0 + 60, -25.0, -7.25)
    assert (second.score, second.times) == (0.8, 3)
    assert (third.labels, third.score) == ("ifName=xe-0/2,lane=1", 0.75)


def test_only_the_time_and_the_targets_that_were_asked_for() -> None:
    board = learned(*(("sw-1", T0 + minute, anomaly(0.5 + minute / 100)) for minute in range(5)))
    board.learn("sw-2", T0 + 2, anomaly(0.99))
    (found,) = board.found(T0 + 1, T0 + 3, {"sw-1", "sw-3"})
    assert (found.at, found.times) == (T0 + 3, 3)
    assert board.found(T0 + 5, T0 + 9) == []
    assert board.found(T0, T0 + 9, ()) == []


def test_what_is_said_twice_happened_once() -> None:
    (found,) = learned(("sw-1", T0, anomaly()), ("sw-1", T0, anomaly())).found(T0, T0)
    assert found.times == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"netmon.metric": ""},
        {"netmon.metric": 5},
        {"netmon.metric": "x" * 1_001},
        {"netmon.labels": None},
        {"netmon.value": "nan"},
        {"netmon.value": True},
        {"netmon.expected": float("inf")},
        {"netmon.score": 10**400},
    ],
)
def test_what_is_no_anomaly_is_counted_and_left(wrong: dict[str, Any]) -> None:
    board = learned(("sw-1", T0, anomaly() | wrong))
    assert (len(board), board.dropped) == (0, {"malformed": 1})


def test_no_fields_no_target_no_time() -> None:
    board = learned(("", T0, anomaly()), ("sw-1", float("nan"), anomaly()))
    board.learn("sw-1", T0, None)
    board.learn("sw-1", T0, {})
    assert (len(board), board.dropped["malformed"]) == (0, 4)


_JSON = st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)
_NAMES = st.sampled_from([f"netmon.{name}" for name in ("metric", "labels", "value", "expected", "score")])


@given(st.dictionaries(_NAMES, _JSON))
def test_whatever_is_sent_nothing_is_raised(changes: dict[str, object]) -> None:
    board = learned(("sw-1", T0, anomaly() | changes))
    assert len(board) + board.dropped["malformed"] == 1
    msgspec.json.encode(board.snapshot())


def test_the_oldest_makes_room_and_is_counted_within_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEEN_MAX", 3)
    board = learned(*((f"sw-{number}", T0 + number, anomaly()) for number in range(5)))
    assert sorted(each.target for each in board.found(T0, T0 + 9)) == ["sw-2", "sw-3", "sw-4"]
    assert board.dropped == {"oldest": 2}
    board.learn("sw-9", T0 + 90_000, anomaly())
    assert (len(board), board.dropped) == (3, {"oldest": 2})


def test_a_snapshot_is_everything() -> None:
    board = learned(("sw-1", T0, anomaly()), ("sw-2", T0 + 1, anomaly(0.9)))
    other = Board()
    other.restore(json.loads(msgspec.json.encode(board.snapshot())))
    assert other.found(T0, T0 + 9) == board.found(T0, T0 + 9)
    assert len(other.found(T0, T0 + 9)) == 2


@pytest.mark.parametrize(
    "data", [None, {}, [[]], [["sw-1", "m", "", 1, 2, 3, "high"]], [["a", "b", "c", 1, 2, 3, 4, 5]]]
)
def test_what_is_no_snapshot_changes_nothing(data: object) -> None:
    board = learned(("sw-1", T0, anomaly()))
    with pytest.raises(ValueError, match=r"Expected|Object"):
        board.restore(data)
    assert len(board) == 1


def test_metrics() -> None:
    registry = CollectorRegistry()
    board = learned(("sw-1", T0, anomaly()), ("sw-1", T0, {}))
    UnusualMetrics(board, registry)
    assert registry.get_sample_value("netmon_anomaly_events") == 1
    assert registry.get_sample_value("netmon_anomaly_events_dropped_total", {"reason": "malformed"}) == 1
    assert registry.get_sample_value("netmon_anomaly_events_dropped_total", {"reason": "oldest"}) == 0
