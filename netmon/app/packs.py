"""The packs of limits in force: netmon's own, and those of the configuration, which replace ours of the same name.

The configuration's stand first: of the forecasts, or anomalies, that match a series the first counts.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from netmon.api import ConfigError, Fault
from netmon.app.packwords import Declared, declared, faults_of
from netmon.app.settings import load_file
from netmon.app.settings.document import Way, fault_at
from netmon.app.settings.yamlfile import read_yaml
from rules.pack import Pack

FOLDER: Final = "packs"

_Read = tuple[Path, Pack]


def load_packs(directory: Path | None) -> tuple[Pack, ...]:
    """Read the directory's `packs/` and netmon's own, in this order; ConfigError with every fault of every file."""
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
        theirs = [pack for path, pack in found.values() if path.parent != ours]
        own = [pack for path, pack in found.values() if path.parent == ours]
    faults += _clashes(found.values())
    return (*theirs, *own), faults


def configured(directory: Path) -> frozenset[str]:
    """Return the names of the packs that the directory itself brings; files that cannot be read are left out."""
    return frozenset(pack.name for _, pack in _read(directory / FOLDER, []))


def _read(folder: Path, faults: list[Fault]) -> Iterator[_Read]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            pack = load_file(path, Pack)
        except ConfigError as error:
            faults += error.faults
            continue
        faults += (_fault(path, way, text, **values) for way, text, values in faults_of(pack))
        yield path, pack


def _twice(read: Iterable[_Read]) -> Iterator[Fault]:
    """Find files of one folder that give a pack the same name: one of them would be read for nothing."""
    places: dict[str, Path] = {}
    for path, pack in read:
        first = places.setdefault(pack.name, path)
        if first is not path:
            yield _fault(path, ("name",), "pack_twice", name=pack.name, other=first)


def _clashes(packs: Iterable[_Read]) -> Iterator[Fault]:
    """Find declarations that have the same name: their alerts would be taken for one another."""
    owners: dict[str, tuple[Path, Pack, Declared]] = {}
    for path, pack in packs:
        for way, one in declared(pack):
            first, other, known = owners.setdefault(one.name, (path, pack, one))
            if other is not pack:
                yield _fault(path, (*way, "name"), "limit_twice", name=one.name, other=first, pack=other.name)
            elif known is not one:
                yield _fault(path, (*way, "name"), "name_twice", name=one.name)


def _fault(path: Path, way: Way, text: str, /, **values: object) -> Fault:
    """Return a fault at a place of a file, which is read once more for that; without a place where that fails."""
    try:
        return fault_at(str(path), *read_yaml(path).place(way), text, **values)
    except ConfigError:
        return fault_at(str(path), 0, 0, text, **values)
