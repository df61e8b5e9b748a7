"""What detectors learned survives a restart; a file that is damaged, forged or too large costs only that."""

import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api import Finding, Target
from netmon.api.networks import Networks
from netmon.api.traffic import Second, Traffic
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic import learned
from netmon.app.traffic.build import Built, Hooks, detectors
from netmon.app.traffic.judges import Judges
from netmon.app.traffic.learned import Memory, collect, hand_out
from netmon.app.traffic.stream import Stream


class Counting:
    """Learns how many windows it saw."""

    def __init__(self, name: str = "counting") -> None:
        self.name = name
        self.windows = 0
        self.fails = False

    def observe(self, second: Second) -> Iterator[Finding]:
        del second
        self.windows += 1
        yield from ()

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        if self.fails:
            raise RuntimeError("a bug")
        return {"windows": np.array([self.windows])} if self.windows else {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        if self.fails:
            raise RuntimeError("a bug")
        if arrays["windows"].shape != (1,):
            raise ValueError("another shape")
        self.windows = int(arrays["windows"][0])


def remembered(folder: Path, windows: int) -> Memory:
    """Return the memory of a stream that stopped after so many windows."""
    memory, rule = Memory(folder, "sensor eth0"), Counting()
    memory.restore([rule])
    rule.windows = windows
    memory.take([rule], now=True)
    memory.write()
    return memory


def begun(folder: Path) -> tuple[Memory, Counting]:
    """Return what a start makes of a folder."""
    memory, rule = Memory(folder, "sensor eth0"), Counting()
    memory.restore([rule])
    return memory, rule


def test_what_was_learned_is_there_after_a_restart(tmp_path: Path) -> None:
    written = remembered(tmp_path / "detectors", 7)
    assert written.saved_at is not None
    assert written.path == tmp_path / "detectors" / "sensor_eth0.npz"
    assert written.path.stat().st_mode & 0o777 == 0o600
    memory, rule = begun(tmp_path / "detectors")
    assert (rule.windows, memory.failures) == (7, 0)
    assert memory.saved_at == pytest.approx(written.saved_at, abs=5)


def test_the_first_start_finds_nothing_and_nothing_is_wrong(tmp_path: Path) -> None:
    memory, rule = begun(tmp_path)
    assert (rule.windows, memory.failures, memory.saved_at) == (0, 0, None)


def test_it_is_copied_when_due_and_written_by_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    memory, rule = begun(tmp_path)
    rule.windows = 3
    now += learned.SAVE_EVERY_S - 1
    memory.take([rule])
    memory.write()
    assert not memory.path.exists()
    now += 1
    memory.take([rule])
    rule.windows = 4  # after the copy
    memory.write()
    assert begun(tmp_path)[1].windows == 3


def test_nothing_is_written_before_it_was_known_what_was_there(tmp_path: Path) -> None:
    remembered(tmp_path, 7)
    memory, rule = Memory(tmp_path, "sensor eth0"), Counting()
    rule.windows = 1
    memory.take([rule], now=True)  # opening the source failed, and the daemon stops
    memory.write()
    assert begun(tmp_path)[1].windows == 7


@pytest.mark.parametrize("damage", ["short", "changed", "no zip", "empty", "folder"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: str) -> None:
    path = remembered(tmp_path, 7).path
    octets = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        middle = octets.index(b"NUMPY") + 40
        damaged = {
            "short": octets[:-30],
            "changed": octets[:middle] + b"\0\0\0\0" + octets[middle + 4 :],
            "no zip": b"netmon" * 100,
            "empty": b"",
        }
        path.write_bytes(damaged[damage])
    memory, rule = begun(tmp_path)
    assert (rule.windows, memory.failures) == (0, 1)
    assert not path.exists()
    assert path.with_name(path.name + ".unusable").exists()
    assert remembered(tmp_path, 9).failures == 0  # and the next file is written as ever
    assert begun(tmp_path)[1].windows == 9


def test_a_pickle_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "sensor_eth0.npz"
    members: dict[str, Any] = {"form": np.array([1]), "counting/windows": np.array([{"a": 1}], dtype=object)}
    np.savez(path, **members)
    memory, rule = begun(tmp_path)
    assert (rule.windows, memory.failures, path.exists()) == (0, 1, False)


def test_a_small_file_that_unpacks_to_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "LARGEST_BYTES", 1 << 20)
    path = tmp_path / "sensor_eth0.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("counting/windows.npy", bytes(2 << 20))
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was read"))
    memory, _ = begun(tmp_path)
    assert memory.failures == 1


def test_more_than_fits_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "LARGEST_BYTES", 4)
    memory = remembered(tmp_path, 7)
    assert (memory.failures, memory.path.exists()) == (1, False)


def test_a_detector_that_cannot_take_it_begins_anew_and_the_others_go_on() -> None:
    first, second, third = Counting("first"), Counting("second"), Counting("third")
    arrays = {"first/windows": np.zeros(2), "second/windows": np.array([5]), "third/windows": np.array([6])}
    second.fails = True
    assert hand_out(arrays, [first, second, third]) == 2
    assert [rule.windows for rule in (first, second, third)] == [0, 0, 6]
    assert sorted(collect([first, second, third])) == ["third/windows"]


def test_a_disk_that_takes_nothing_is_counted_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = remembered(tmp_path, 7)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        rule = Counting()
        rule.windows = 8
        memory.take([rule], now=True)
        memory.write()
    assert memory.failures == 1
    assert begun(tmp_path)[1].windows == 7


def test_every_detector_takes_back_what_it_gave(tmp_path: Path) -> None:
    settings = TrafficSettings()
    rules = detectors(settings, Networks())
    for number in range(3):
        for rule in rules:
            list(rule.observe(Second(float(number), number + 1.0)))
    memory = Memory(tmp_path, "one")
    memory.restore(rules)
    memory.take(rules, now=True)
    memory.write()
    fresh = Memory(tmp_path, "one")
    again = detectors(settings, Networks())
    fresh.restore(again)
    assert (memory.failures, fresh.failures) == (0, 0)
    first, second = collect(rules), collect(again)
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


class Silent:
    """A source from which nothing comes."""

    name, where, live = "silent", "nowhere", False
    counts: ClassVar[dict[str, Any]] = {}

    def open(self) -> None:
        """Open nothing."""

    def next(self, timeout_s: float) -> None:
        """Wait a little."""
        time.sleep(timeout_s / 100)

    def reached_ns(self) -> int:
        return time.time_ns()

    def end(self) -> None:
        """Nothing is left."""

    def is_up(self) -> bool:
        return True

    def close(self) -> None:
        """Close nothing."""


class Ends:
    """A pipeline whose last window has a bug."""

    def touch(self) -> None:
        """Need no memory."""

    def take_now(self, traffic: Traffic, now_ns: int) -> None:
        """Take nothing."""

    def finish(self) -> None:
        raise RuntimeError("a bug")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stream_remembers_from_its_start_to_its_stop_whatever_its_last_window_brings(tmp_path: Path) -> None:
    remembered(tmp_path, 7)
    rule = Counting()
    built = cast("Built", SimpleNamespace(pipeline=Ends(), hooks=Hooks(), judges=Judges([rule]), counts={}))
    stream = Stream(Silent(), built, Target("silent", "localhost", "", "sensor"), Memory(tmp_path, "sensor eth0"))
    stream.open()
    assert rule.windows == 7
    stream.start()
    rule.windows = 8
    stream.stop()
    assert begun(tmp_path)[1].windows == 8
