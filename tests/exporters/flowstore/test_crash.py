"""kill -9 at every step on the disk: at most the open minute is lost, nothing is there twice, the store goes on."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from exporters.flowstore.files import Span, scan
from tests.support.kept_flows import HOUR, record, store

CHILD = Path(__file__).with_name("child.py")
ROOT = Path(__file__).parents[3]
STEPS = 28  # more than a run without a kill has


@dataclass
class Run:
    """What a writer put, what its ticks had kept, and how it ended."""

    step: int
    said: dict[str, list[int]] = field(default_factory=lambda: {"put": [], "kept": [], "status": []})
    ended: bool = False


def killed(directory: Path) -> list[Run]:
    command = [sys.executable, str(CHILD), str(directory), str(STEPS)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True
    )
    runs: list[Run] = []
    for line in done.stdout.splitlines():
        word, *number = line.split()
        if word == "step":
            runs.append(Run(int(number[0])))
        elif word == "end":
            runs[-1].ended = True
        else:
            runs[-1].said[word].append(int(number[0]))
    return runs


def there(directory: Path) -> list[int]:
    return sorted(scan(directory, Span(0, 4e9)).table.collect()["bytes"].to_list())


def goes_on(directory: Path, before: list[int]) -> None:
    book = store(directory, now=HOUR + 9_000, merge_after_s=10)
    book.put(record(end=HOUR + 500, bytes=99))
    for now in (9_061, 9_070, 9_200, 9_300):
        book.tick(HOUR + now)
        assert there(directory) == [*before, 99]
    book.close()
    assert not list(directory.rglob("*.new"))


def test_killed_at_every_step(tmp_path: Path) -> None:
    runs = killed(tmp_path)
    assert [run.said["status"] for run in runs] == [[0 if run.ended else -9] for run in runs]
    assert [run.ended for run in runs].count(False) >= 20
    assert runs[-1].ended, "the last of them is to be one that was not killed"
    for run in runs:
        directory = tmp_path / str(run.step)
        put, kept = run.said["put"], run.said["kept"]
        before = there(directory) if directory.is_dir() else []
        assert len(before) == len(set(before))
        assert set(kept) <= set(before) <= set(put)
        goes_on(directory, before)
