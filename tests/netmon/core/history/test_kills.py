"""A history that is killed at random moments: what was acknowledged is there, and nothing twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from netmon.core.history import blocks, files
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S
from tests.support.history import history, shelf
from tests.support.history_child import SERIES

KILLS = 30


def test_what_was_acknowledged_survives_every_kill_and_nothing_is_there_twice(tmp_path: Path) -> None:
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    chance = random.Random(7)
    command = [sys.executable, "-m", "tests.support.history_child", str(tmp_path), str(acknowledged)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for _ in range(KILLS):
            nursery.stdin.write("\n")
            nursery.stdin.flush()
            pid = int(nursery.stdout.readline())
            time.sleep(chance.uniform(0.01, 0.25))  # the moment of the kill, not a wait for anything
            os.kill(pid, signal.SIGKILL)
            assert int(nursery.stdout.readline()) == signal.SIGKILL, "it ended by itself: see above"
        nursery.stdin.close()
    noted = [tuple(map(int, line.split())) for line in acknowledged.read_text().splitlines()]
    assert len([one for one in noted if one[0] == FIVE_MINUTES_S]) > KILLS
    assert [one for one in noted if one[0] == DAY_S]
    kept, _ = history(tmp_path, shelf(SERIES))
    for length_s in (FIVE_MINUTES_S, DAY_S):
        there = {int(one.begins): len(one.slots) for one in kept.past(length_s, 0)}
        oldest = min(there)
        told = {begins: rows for length, begins, rows in noted if length == length_s and begins >= oldest}
        assert told
        assert told.items() <= there.items()
    kept.close()
    assert not {one: times for one, times in records(tmp_path / "history").items() if times > 1}
    values_are_right(tmp_path)


def records(folder: Path) -> Counter[tuple[int, int, int]]:
    """Return how often each (length, period, series) is in the files."""
    found: Counter[tuple[int, int, int]] = Counter()
    for path in folder.glob("*/*.blocks"):
        with files.OpenFile(path) as file:
            for one in blocks.scan(file):
                assert one.header is not None, path
                body = file.read(one.offset + blocks.HEADER_BYTES, one.size - blocks.HEADER_BYTES)
                columns = blocks.decode(one.header, body)
                assert columns is not None, path
                found.update((one.header.length_s, one.header.begins, int(series)) for series in columns.ids)
    return found


def values_are_right(folder: Path) -> None:
    """Every value was its second of the day plus its slot."""
    kept, _ = history(folder, shelf(SERIES))
    for one in kept.past(FIVE_MINUTES_S, 0):
        offset = one.minimum - one.slots
        assert (offset == offset[0]).all()
        assert 0 <= offset[0] - one.begins % DAY_S < FIVE_MINUTES_S
        assert one.maximum[0] < one.begins % DAY_S + FIVE_MINUTES_S
    kept.close()
