"""A disk that is full, or takes no writes: the history goes on, says so, and catches up."""

from pathlib import Path

import pytest

from netmon.core.history.blocks import HEADER_BYTES, RECORD_BYTES
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S
from tests.support.history import MIDNIGHT, count, history, run, shelf
from tests.support.link_disk import file_size_limit, small_disk

MANY = 2_000  # series, so that a block is far longer than what the test itself writes
VALUES = [1.0] * MANY
BLOCK = HEADER_BYTES + RECORD_BYTES * MANY


def test_what_did_not_fit_is_written_when_there_is_room_again(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(MANY))
    run(kept, MIDNIGHT, MIDNIGHT + 700, 100, VALUES)
    with file_size_limit(BLOCK * 5 // 2):  # in the middle of the third block
        closed = run(kept, MIDNIGHT + 700, MIDNIGHT + 2_700, 100, VALUES)
        assert [one.begins - MIDNIGHT for one in closed] == [300 * i for i in range(1, 8)]  # the rules go on
        assert count(registry, "netmon_history_writable") == 0
        assert count(registry, "netmon_history_write_failures_total") >= 5
        assert [one.begins - MIDNIGHT for one in kept.past(FIVE_MINUTES_S, 0)] == [0, 300]
    run(kept, MIDNIGHT + 2_700, MIDNIGHT + 3_100, 100, VALUES)
    assert count(registry, "netmon_history_writable") == 1
    assert [one.begins - MIDNIGHT for one in kept.past(FIVE_MINUTES_S, 0)] == [300 * i for i in range(9)]
    assert count(registry, "netmon_history_lost_records_total", reason="unwritten") == 0
    kept.close()


def test_what_a_failed_write_left_behind_goes_with_the_next(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(MANY))
    run(kept, MIDNIGHT, MIDNIGHT + 700, 100, VALUES)
    (path,) = (tmp_path / "history/hours").iterdir()
    with path.open("ab") as file:
        file.write(b"x" * (2 * BLOCK))
    run(kept, MIDNIGHT + 700, MIDNIGHT + 1_000, 100, VALUES[:2])
    assert [len(one.slots) for one in kept.past(FIVE_MINUTES_S, 0)] == [MANY, MANY]
    assert path.stat().st_size == 2 * BLOCK
    kept.close()


def test_only_what_memory_cannot_hold_is_lost(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(MANY), waiting_max=2)
    with file_size_limit(BLOCK // 2):
        run(kept, MIDNIGHT, MIDNIGHT + 1_600, 100, VALUES)  # five periods closed
        assert count(registry, "netmon_history_lost_records_total", reason="unwritten") == 2 * MANY
    run(kept, MIDNIGHT + 1_600, MIDNIGHT + 2_000, 100, VALUES)
    assert [one.begins - MIDNIGHT for one in kept.past(FIVE_MINUTES_S, 0)] == [600, 900, 1_200, 1_500]
    kept.close()


def test_a_day_waits_for_the_periods_that_it_is_made_of(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(MANY))
    run(kept, MIDNIGHT + DAY_S - 600, MIDNIGHT + DAY_S, 100, VALUES)
    with file_size_limit(BLOCK * 3 // 2):
        closed = run(kept, MIDNIGHT + DAY_S, MIDNIGHT + DAY_S + 500, 100, VALUES)
        assert [one.length_s for one in closed] == [FIVE_MINUTES_S, FIVE_MINUTES_S]
    closed = run(kept, MIDNIGHT + DAY_S + 500, MIDNIGHT + DAY_S + 800, 100, VALUES)
    assert [(one.length_s, int(one.counts[0])) for one in closed] == [(FIVE_MINUTES_S, 3), (DAY_S, 6)]
    assert [(one.begins, int(one.counts[0])) for one in kept.past(DAY_S, 0)] == [(MIDNIGHT, 6)]
    kept.close()


def test_a_full_disk_of_its_own(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        kept, registry = history(disk, shelf(200))
        run(kept, MIDNIGHT, MIDNIGHT + 20_000, 100, [1.0] * 200)
        assert count(registry, "netmon_history_write_failures_total") > 0
        there = [one.begins for one in kept.past(FIVE_MINUTES_S, 0)]
        assert len(there) > 10
        kept.close()
        again, registry = history(disk, shelf(200))
        assert [one.begins for one in again.past(FIVE_MINUTES_S, 0)] == there
        assert count(registry, "netmon_history_damaged_total", what="block") == 0
        again.close()


@pytest.mark.parametrize("name", ["hours", "names", "lock", ""])
def test_a_folder_that_cannot_be_used_is_told_and_nothing_in_it_is_touched(tmp_path: Path, name: str) -> None:
    kept, _ = history(tmp_path, shelf(2))
    run(kept, MIDNIGHT, MIDNIGHT + 800, 100, [1.0, 2.0])
    kept.close()
    path = tmp_path / "history" / name
    path.rename(tmp_path / "moved")
    if name in {"hours", ""}:
        path.write_text("in the way")
    else:
        path.mkdir()
    kept, registry = history(tmp_path, shelf(2))
    closed = run(kept, MIDNIGHT + 800, MIDNIGHT + 1_400, 100, [1.0, 2.0])
    assert [one.begins - MIDNIGHT for one in closed if one.begins > MIDNIGHT + 300] == [600, 900]
    assert count(registry, "netmon_history_write_failures_total") > 0
    assert count(registry, "netmon_history_writable") == (name == "lock")
    kept.close()
    if name in {"hours", ""}:
        path.unlink()
    else:
        path.rmdir()
    (tmp_path / "moved").rename(path)
    kept, registry = history(tmp_path, shelf(2))
    assert [one.mean.tolist() for one in kept.past(FIVE_MINUTES_S, 0, MIDNIGHT + 600)] == [[1.0, 2.0]] * 2
    kept.close()
