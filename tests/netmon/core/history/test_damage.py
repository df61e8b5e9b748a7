"""Files that were cut anywhere, or have any octet changed: what is whole is there, the rest is counted."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.core.history import blocks, leftover, names
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S, Columns
from tests.support.history import MIDNIGHT, batch, count, history, run, shelf

ROWS = 3
BLOCK = blocks.HEADER_BYTES + blocks.RECORD_BYTES * ROWS


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a history of four periods in one file, and a day."""
    folder = tmp_path_factory.mktemp("whole")
    kept, _ = history(folder, shelf(ROWS))
    run(kept, MIDNIGHT, MIDNIGHT + 1_200, 100, [1.0, 2.0, 3.0])
    kept.tick(MIDNIGHT + DAY_S + 60)
    kept.flush()
    kept.close()
    return folder


def hours(folder: Path) -> Path:
    (path,) = (folder / "history/hours").iterdir()
    return path


def opened(folder: Path) -> tuple[list[float], float]:
    """Return the periods that are there, and how much damage was counted, after each was read."""
    kept, registry = history(folder, shelf(ROWS))
    begins = [one.begins - MIDNIGHT for one in kept.past(FIVE_MINUTES_S, 0)]
    damage = sum(count(registry, "netmon_history_damaged_total", what=what) for what in ("torn", "block", "name"))
    kept.close()
    return begins, damage


def test_a_file_cut_anywhere_keeps_its_whole_blocks_and_goes_on(whole: Path, tmp_path: Path) -> None:
    data = hours(whole).read_bytes()
    assert len(data) == 4 * BLOCK
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    for size in range(len(data)):
        hours(tmp_path).write_bytes(data[:size])
        begins, damage = opened(tmp_path)
        assert begins == [300 * i for i in range(size // BLOCK)]
        assert damage == (size % BLOCK != 0)
        assert hours(tmp_path).stat().st_size == size // BLOCK * BLOCK  # so that the next block is found again


def test_a_file_with_any_octet_changed_loses_only_the_block_around_it(whole: Path, tmp_path: Path) -> None:
    data = hours(whole).read_bytes()
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    for at in range(len(data)):
        hours(tmp_path).write_bytes(data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :])
        begins, damage = opened(tmp_path)
        assert begins == [300 * i for i in range(4) if i != at // BLOCK]
        assert damage == 1


def test_names_cut_anywhere_or_changed_are_lost_alone(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "history/names"
    data = path.read_bytes()
    for at in range(len(data)):
        for changed in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
            path.write_bytes(changed)
            kept, registry = history(tmp_path, shelf(ROWS))
            there = {slot for one in kept.past(FIVE_MINUTES_S, 0) for slot in one.slots.tolist()}
            whole_lines = sum(line in data.splitlines() for line in changed.split(b"\n"))
            assert len(there) in {whole_lines, max(whole_lines - 1, 0)}  # a line without its end may be whole
            torn_or_bad = count(registry, "netmon_history_damaged_total", what="name")
            torn_or_bad += count(registry, "netmon_history_damaged_total", what="torn")
            assert len(there) == ROWS or torn_or_bad or not changed.endswith(data[-5:])
            kept.close()
            path.write_bytes(data)


def test_a_series_that_lost_its_name_gets_an_id_that_no_record_has(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    (tmp_path / "history/names").unlink()
    kept, _ = history(tmp_path, shelf(ROWS))
    assert list(kept.past(FIVE_MINUTES_S, 0)) == []
    closed = run(kept, MIDNIGHT + 2_400, MIDNIGHT + 2_900, 100, [7.0, 8.0, 9.0])
    assert [one.mean.tolist() for one in closed] == [[7.0, 8.0, 9.0]]
    assert [one.mean.tolist() for one in kept.past(FIVE_MINUTES_S, 0)] == [[7.0, 8.0, 9.0]]
    kept.close()


def test_names_without_records_make_room(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    more = names.Names(1_000)
    more.load((tmp_path / "history/names").read_bytes())
    for i in range(90):
        more.give(f"gone {i}")
    with (tmp_path / "history/names").open("ab") as file:
        file.write(b"".join(more.new()))
    kept, registry = history(tmp_path, shelf(ROWS), series_max=100)
    assert count(registry, "netmon_history_series") == ROWS
    assert len(list(kept.past(FIVE_MINUTES_S, 0))) == 4
    kept.close()
    assert len((tmp_path / "history/names").read_bytes().splitlines()) == ROWS


@given(st.binary(max_size=400))
def test_octets_that_are_no_blocks_are_passed_over(octets: bytes) -> None:
    block = blocks.encode(FIVE_MINUTES_S, 600, Columns(*(np.ones(1, kind) for kind in blocks.TYPES)))
    found = list(blocks.scan(Octets(octets + block)))
    assert sum(one.size for one in found) == len(octets) + len(block)
    assert found[-1].header is not None
    assert found[-1].header.begins == 600
    list(leftover.decode(octets))


@given(st.text(), st.integers(1, names.LAST_ID))
def test_a_name_may_have_any_characters(key: str, one: int) -> None:
    line = names.render(one, key)
    assert names.parse(line) == (one, key)
    assert line.count(b"\n") == 1
    assert names.parse(line[:-1]) is None


@given(st.binary())
def test_a_line_that_is_no_name_is_none(line: bytes) -> None:
    assert names.parse(line) is None


class Octets:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, size: int) -> bytes:
        return self._data[offset : offset + size]


def test_leftover_values_cut_anywhere(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2))
    kept.add(batch(MIDNIGHT, [1.0, 2.0]))
    kept.close()
    data = (tmp_path / "history/leftover").read_bytes()
    assert [begins for begins, _, _ in leftover.decode(data)] == [MIDNIGHT]
    for size in range(len(data)):
        assert list(leftover.decode(data[:size])) == []
