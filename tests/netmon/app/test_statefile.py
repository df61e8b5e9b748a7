"""What rules keep is there after a restart, whole, or not at all."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.app.statefile import UnusableError, collect, hand_out, read, write


class Memory:
    """Keeps two columns."""

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.column = np.zeros(size, np.float32)

    def save(self) -> Mapping[str, NDArray[Any]]:
        return {"column": self.column.copy(), "ids": np.arange(self.size)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        if arrays["column"].shape != (self.size,):
            raise ValueError(f"{arrays['column'].shape[0]} rows, {self.size} wanted")
        self.column = arrays["column"]


def filled(name: str, size: int) -> Memory:
    memory = Memory(name, size)
    memory.column[:] = np.arange(size) / 3
    return memory


def test_each_gets_back_what_it_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rules.npz"
    assert write(path, collect([filled("one", 1000), filled("two", 7)])) == path.stat().st_size
    one, two, fresh = Memory("one", 1000), Memory("two", 7), Memory("three", 3)
    arrays = read(path)
    assert arrays is not None
    hand_out(arrays, [one, two, fresh])
    assert (one.column == filled("one", 1000).column).all()
    assert (two.column == filled("two", 7).column).all()
    assert (fresh.column == 0).all()


def test_nothing_yet(tmp_path: Path) -> None:
    assert read(tmp_path / "rules.npz") is None


def test_one_that_does_not_fit_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rules.npz"
    write(path, collect([filled("one", 1000)]))
    arrays = read(path)
    assert arrays is not None
    with pytest.raises(UnusableError, match="one: 1000 rows, 5 wanted"):
        hand_out(arrays, [Memory("one", 5)])


def test_a_file_cut_or_flipped_anywhere_is_refused_or_whole(tmp_path: Path) -> None:
    path, chance = tmp_path / "rules.npz", random.Random(7)
    write(path, collect([filled("one", 200)]))
    whole, kept = path.read_bytes(), read(path)
    assert kept is not None
    refused = 0
    for number in range(300):
        spoilt = bytearray(whole)
        place = chance.randrange(len(whole))
        if number % 2:
            spoilt[place] ^= 1 << chance.randrange(8)
        else:
            del spoilt[place:]
        path.write_bytes(spoilt)
        try:
            found = read(path)
        except UnusableError:
            refused += 1
            continue
        assert found is not None
        for name, array in found.items():
            assert (array == kept[name]).all()
    assert refused > 200


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "rules.npz"
    with path.open("wb") as file:
        np.savez(file, form=np.array([1]), column=np.array([{"a": 1}], dtype=object))
    with pytest.raises(UnusableError):
        read(path)


def test_another_form_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.npz"
    np.savez(path, form=np.array([99]))
    with pytest.raises(UnusableError, match="another form"):
        read(path)


def test_a_disk_that_refuses_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rules.npz"
    write(path, collect([filled("one", 10)]))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netmon.app.statefile.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, collect([Memory("one", 10)]))
    arrays = read(path)
    assert arrays is not None
    assert arrays["one/column"][3] == np.float32(1)
    assert [entry.name for entry in tmp_path.iterdir()] == ["rules.npz"]
