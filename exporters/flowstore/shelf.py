"""The files of a store as its writer knows them: what is there, how large, what may go. Raises OSError."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporters.flowstore.disk import Disk
from exporters.flowstore.names import UNFINISHED, File, file_of, hour_name, hour_of, live

READERS_S: Final = 60.0
"""How long a merged file's parts stay for those who listed the directory before it was there, in seconds."""


@dataclass(slots=True)
class Hour:
    """One hour: the sizes of its files, since when some of them are superseded, and when the last part came."""

    sizes: dict[File, int] = field(default_factory=dict)
    superseded: dict[File, float] = field(default_factory=dict)
    last_part: float = 0.0
    settled: bool = False  # there is nothing to merge until another part comes

    @property
    def live(self) -> list[File]:
        """Return the files that count."""
        return [each for each in live(self.sizes) if each not in self.superseded]

    @property
    def next_number(self) -> int:
        """Return the number of the next part: never one that was given before."""
        return max((each.last for each in self.sizes), default=-1) + 1


class Shelf:
    """All hours of a store."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self.hours: dict[int, Hour] = {}
        self.changed = True  # since whoever looks said so

    def load(self, now: float) -> None:
        """List what is on disk, remove what was not finished, and take up what a crash interrupted."""
        self.hours.clear()
        for place in self._folder.iterdir():
            if (number := hour_of(place.name)) is None or not place.is_dir():
                continue
            hour = self.hours[number] = Hour(last_part=now)
            for path in place.iterdir():
                if path.name.endswith(UNFINISHED):
                    self._disk.remove(path)
                elif (file := file_of(path.name)) is not None:
                    hour.sizes[file] = path.stat().st_size
            counted = set(live(hour.sizes))
            hour.superseded = {each: now for each in hour.sizes if each not in counted}
            if not any(place.iterdir()):  # a crash came before its first file, or after its last
                del self.hours[number]
                self._disk.remove_directory(place)
        self.changed = True

    def path(self, number: int, file: File) -> Path:
        """Return where a file is."""
        return self._folder / hour_name(number) / file.name

    def add(self, number: int, file: File, size: int, now: float) -> None:
        """Note a file that was written, and that those it holds count no more."""
        hour = self.hours.setdefault(number, Hour())
        merged = [each for each in hour.sizes if file.holds(each)]
        hour.superseded |= dict.fromkeys(merged, now)
        hour.sizes[file] = size
        hour.settled = False
        self.changed = True
        if not merged:
            hour.last_part = now

    def sweep(self, now: float) -> None:
        """Remove superseded files that no reader can still want."""
        for number, hour in self.hours.items():
            for file, since in list(hour.superseded.items()):
                if not since <= now < since + READERS_S:  # a clock that was set back keeps nothing forever
                    self._disk.remove(self.path(number, file))
                    del hour.superseded[file], hour.sizes[file]
                    self.changed = True

    def lost(self, number: int) -> None:
        """Note what somebody else removed of an hour."""
        hour = self.hours[number]
        for file in [file for file in hour.sizes if not self.path(number, file).exists()]:
            del hour.sizes[file]
            hour.superseded.pop(file, None)
        if not hour.sizes:
            del self.hours[number]
        self.changed = True

    def drop(self, number: int) -> tuple[int, int]:
        """Remove an hour; return how many files and records that counted went."""
        hour = self.hours[number]
        counted = hour.live
        self.changed = True
        # Parts before the file that they were merged into: a crash in between must not bring them back.
        for file in sorted(hour.sizes, key=lambda each: (each.last - each.first, each.first)):
            self._disk.remove(self.path(number, file))
            hour.sizes.pop(file)
            hour.superseded.pop(file, None)
        del self.hours[number]
        folder = self._folder / hour_name(number)
        if folder.is_dir() and not any(folder.iterdir()):
            self._disk.remove_directory(folder)
        return len(counted), sum(file.records for file in counted)

    def next_number(self, number: int) -> int:
        """Return the number of an hour's next part: never one that was given before."""
        return self.hours[number].next_number if number in self.hours else 0

    @property
    def size(self) -> int:
        """Return the octets of all files."""
        return sum(sum(hour.sizes.values()) for hour in self.hours.values())
