"""The SNMP profiles in force: netmon's own, and those of the configuration, which replace ours of the same name."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from collectors.snmp.faults import between
from collectors.snmp.profile import Profile
from netmon.api import ConfigError, Fault
from netmon.app.settings import load_file
from netmon.app.settings.document import fault_at

FOLDER: Final = "profiles"
_NAMED: Final = 3  # metrics that a fault names; a copy of a profile shares all of them


def load_profiles(directory: Path | None) -> tuple[Profile, ...]:
    """Read netmon's profiles and those in the directory's `profiles/`; ConfigError with every fault of every file."""
    profiles, faults = read_profiles(directory)
    if faults:
        raise ConfigError(*faults)
    return profiles


def read_profiles(directory: Path | None) -> tuple[tuple[Profile, ...], list[Fault]]:
    """Return the profiles that can be used, and what is wrong with the files."""
    faults: list[Fault] = []
    found: dict[str, tuple[Path, Profile]] = {}
    with as_file(files("collectors.snmp") / "profiles") as ours:
        for folder in (ours, *((directory / FOLDER,) if directory is not None else ())):
            read = list(_read(folder, faults))
            faults += _twice(read)
            for path, profile in read:
                found.pop(profile.name, None)  # the operator's stand last, also where they replace ours
                found[profile.name] = (path, profile)
    faults += _clashes(found)
    return tuple(profile for _, profile in found.values()), faults


def _read(folder: Path, faults: list[Fault]) -> Iterator[tuple[Path, Profile]]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            yield path, load_file(path, Profile)
        except ConfigError as error:
            faults += error.faults


def _twice(read: Iterable[tuple[Path, Profile]]) -> Iterator[Fault]:
    """Find files of one folder that give a profile the same name: one of them would be read for nothing."""
    places: dict[str, Path] = {}
    for path, profile in read:
        first = places.setdefault(profile.name, path)
        if first is not path:
            yield fault_at(str(path), 0, 0, "profile_twice", name=profile.name, other=first)


def _clashes(found: Mapping[str, tuple[Path, Profile]]) -> Iterator[Fault]:
    """Find profiles that would both emit the same series of a device. The later file is told, so the operator's."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for clash in between(profile for _, profile in found.values()):
        pairs.setdefault((clash.first, clash.second), []).append(clash.metric)
    for (first, second), metrics in pairs.items():
        one, other = found[first][0], found[second][0]
        named = ", ".join(metrics[:_NAMED]) + (" …" if len(metrics) > _NAMED else "")
        yield fault_at(str(other), 0, 0, "profile_clash", metrics=named, other=one, name=first)
