"""Files of indicators: read once, again when they change, and never half."""

import os
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from netmon.api.networks import Networks
from netmon.app.traffic import indicatorfiles
from netmon.app.traffic.indicatorfiles import IndicatorFiles, IndicatorMetrics
from rules.traffic.indicators.lists import Indicators
from rules.traffic.indicators.rule import ListedPeers
from rules.traffic.indicators.settings import IndicatorList, IndicatorSettings


def files(tmp_path: Path, *names: str, **settings: int) -> IndicatorFiles:
    lists = tuple(IndicatorList(name=name, file=f"{name}.txt") for name in names)
    return IndicatorFiles(IndicatorSettings(lists=lists, **settings), tmp_path)


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("203.0.113.7\nno entry\n")
    (tmp_path / "b.txt").write_text("203.0.113.8\n")
    built: list[str] = []

    def build(settings: IndicatorList, raw: bytes, most: int, rest: object) -> Indicators:
        built.append(settings.name)
        assert rest is None
        return Indicators(settings, raw, most)

    monkeypatch.setattr(indicatorfiles, "Indicators", build)
    held = files(tmp_path, "a", "b")
    assert held.look()
    assert not held.look()
    (tmp_path / "b.txt").write_text("203.0.113.8\n203.0.113.9\n")
    assert held.look()
    assert built == ["a", "b", "b"]
    assert [each.count for each in held.lists] == [1, 2]
    assert (held.states["a"].bad, held.states["a"].usable) == (1, True)


def test_a_file_that_is_gone_or_too_long_leaves_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("203.0.113.7\n")
    held = files(tmp_path, "a", max_file_bytes=100)
    held.look()
    path.unlink()
    assert not held.look()
    assert not held.states["a"].usable
    path.write_text("203.0.113.7\n" * 50)
    assert not held.look()
    assert [each.count for each in held.lists] == [1]
    path.write_text("203.0.113.7\n203.0.113.8\n")
    assert held.look()
    assert (held.states["a"].entries, held.states["a"].usable) == (2, True)


def test_a_file_replaced_by_one_of_the_same_length_and_time_is_seen(tmp_path: Path) -> None:
    path, fresh = tmp_path / "a.txt", tmp_path / "fresh"
    path.write_text("203.0.113.7\n")
    held = files(tmp_path, "a")
    held.look()
    fresh.write_text("203.0.113.9\n")
    about = path.stat()
    os.utime(fresh, ns=(about.st_atime_ns, about.st_mtime_ns))
    fresh.replace(path)
    assert held.look()


def test_rules_get_the_lists_of_the_settings_in_force(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("203.0.113.7\n")
    (tmp_path / "b.txt").write_text("203.0.113.8\n")
    held = files(tmp_path, "a", "b")
    held.look()
    judge = ListedPeers(held.settings, Networks())
    held.hand_to([judge])
    assert [each.settings.name for each in held.lists] == ["a", "b"]
    held.configure(IndicatorSettings(lists=held.settings.lists[1:]))
    assert [each.settings.name for each in held.lists] == ["b"]


def test_a_list_that_is_read_gently_lets_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    (tmp_path / "a.txt").write_text("".join(f"203.0.{one // 250}.{one % 250}\n" for one in range(2_560)))
    held = files(tmp_path, "a")
    assert held.look(gently=True)
    assert len(rests) == 10
    assert held.states["a"].entries == 2_560


def test_what_is_known_of_a_list_is_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("203.0.113.7\nno entry\n")
    held = files(tmp_path, "a", "gone")
    held.look()
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in IndicatorMetrics(held).collect()
        for sample in metric.samples
    }
    assert told["netmon_traffic_indicator_entries", "a"] == 1
    assert told["netmon_traffic_indicator_untaken_lines", "a", "bad"] == 1
    assert told["netmon_traffic_indicator_usable", "a"] == 1
    assert told["netmon_traffic_indicator_usable", "gone"] == 0


def test_two_lists_of_one_name_are_refused() -> None:
    one = {"name": "x", "file": "x.txt"}
    with pytest.raises(ValidationError, match="one name"):
        IndicatorSettings.model_validate({"lists": [one, one]})
