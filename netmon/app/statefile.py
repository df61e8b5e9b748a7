"""What rules keep over a restart, in one file: columns of numpy, written as a whole or not at all.

The file is an uncompressed zip of .npy members, as numpy.savez makes it, so that anybody can look inside. Nothing in
it is ever unpickled.
"""

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Arrays, Keeps

_FORM: Final = "form"  # member that says which form this is; another form is not read
_VERSION: Final = 1


class UnusableError(Exception):
    """The file is not one that we wrote, or not whole. Whoever reads it begins anew."""


def collect(keepers: Sequence[Keeps]) -> dict[str, NDArray[Any]]:
    """Return copies of all that these keep, under `<keeper>/<array>`."""
    return {f"{keeper.name}/{name}": array for keeper in keepers for name, array in keeper.save().items()}


def hand_out(arrays: Arrays, keepers: Sequence[Keeps]) -> None:
    """Give each keeper what it kept; UnusableError where one cannot take it. One that kept nothing is left alone."""
    for keeper in keepers:
        prefix = f"{keeper.name}/"
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        if not own:
            continue
        try:
            keeper.restore(own)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UnusableError(f"{keeper.name}: {error}") from error


def write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> int:
    """Replace the file; return its size in bytes. OSError where the disk does not take it: the old one stays then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    try:
        with open(fresh, "wb", opener=_private) as file:
            np.savez(file, allow_pickle=False, **{_FORM: np.array([_VERSION]), **arrays})
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return path.stat().st_size


def read(path: Path) -> dict[str, NDArray[Any]] | None:
    """Return what was written; None where there is nothing yet; UnusableError where it is not whole."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:  # numpy leaves what it opened open
            arrays = {name: found[name] for name in found.files}
    except FileNotFoundError:
        return None
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        MemoryError,
        RuntimeError,
        zipfile.BadZipFile,
    ) as error:
        raise UnusableError(str(error) or type(error).__name__) from error
    form = arrays.pop(_FORM, None)
    if form is None or form.shape != (1,) or form[0] != _VERSION:
        raise UnusableError("it has another form; this netmon writes another")
    return arrays


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
