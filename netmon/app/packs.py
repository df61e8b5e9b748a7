"""The packs of limits in force: netmon's own, and those of the configuration, which replace ours of the same name."""

from collections.abc import Iterable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from netmon.api import ConfigError, Fault
from netmon.app.settings import load_file
from netmon.app.settings.document import fault_at
from rules.pack import Pack

FOLDER: Final = "packs"

_Read = tuple[Path, Pack]


def load_packs(directory: Path | None) -> tuple[Pack, ...]:
    """Read netmon's packs and those in the directory's `packs/`; ConfigError with every fault of every file."""
    packs, faults = read_packs(directory)
    if faults:
        raise ConfigError(*faults)
    return packs


def read_packs(directory: Path | None) -> tuple[tuple[Pack, ...], list[Fault]]:
    """Return the packs that can be used, and what is wrong with the files."""
    faults: list[Fault] = []
    found: dict[str, _Read] = {}
    with as_file(files("rules") / FOLDER) as ours:
        for folder in (ours, *((directory / FOLDER,) if directory is not None else ())):
            read = list(_read(folder, faults))
            faults += _twice(read)
            for path, pack in read:
                found[pack.name] = (path, pack)
    faults += _clashes(found.values())
    return tuple(pack for _, pack in found.values()), faults


def _read(folder: Path, faults: list[Fault]) -> Iterator[_Read]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            yield path, load_file(path, Pack)
        except ConfigError as error:
            faults += error.faults


def _twice(read: Iterable[_Read]) -> Iterator[Fault]:
    """Find files of one folder that give a pack the same name: one of them would be read for nothing."""
    places: dict[str, Path] = {}
    for path, pack in read:
        first = places.setdefault(pack.name, path)
        if first is not path:
            yield fault_at(str(path), 0, 0, "pack_twice", name=pack.name, other=first)


def _clashes(packs: Iterable[_Read]) -> Iterator[Fault]:
    """Find packs that give two limits the same name: their alerts would be taken for one another."""
    owners: dict[str, _Read] = {}
    for path, pack in packs:
        for name in pack.names:
            first, other = owners.setdefault(name, (path, pack))
            if other is not pack:
                yield fault_at(str(path), 0, 0, "limit_twice", name=name, other=first, pack=other.name)
