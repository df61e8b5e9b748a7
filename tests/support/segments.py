"""Segments of a ledger, written plainly: for tests of what reads them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from netmon.core.ledger import committed, header
from netmon.core.ledger.files import Disk
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import Entry, Kind, encode, leaf_hash, timestamp

ORIGIN = "netmon/test/00000000"
START = 1_700_000_000.0  # when the first record of a test was written


class Segments:
    """A ledger that grows as a test says."""

    def __init__(self, directory: Path, origin: str = ORIGIN) -> None:
        self.directory = directory
        self.origin = origin
        self.lines: list[bytes] = []  # everything so far
        self._tree = Frontier()
        self._disk = Disk()
        self._file = committed.CommittedFile(directory, self._disk)
        (directory / "segments").mkdir(parents=True)
        self.begin()

    @property
    def size(self) -> int:
        """Records so far."""
        return len(self.lines)

    def begin(self) -> None:
        """Begin a segment."""
        self._path = self.directory / "segments" / header.file_name(self.size)
        first = header.Header(self.origin, self.size, timestamp(START), self._tree.hashes)
        self._path.write_bytes(header.encode(first) + b"\n")

    def add(self, entries: Iterable[Entry], recorded: float = START) -> None:
        """Append records and commit them."""
        self.add_lines([encode(entry, seq, recorded) for seq, entry in enumerate(entries, self.size)])

    def add_lines(self, lines: Sequence[bytes]) -> None:
        """Append lines as they are and commit them."""
        with self._path.open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
        self.lines += lines
        self._tree.extend([leaf_hash(line) for line in lines])
        self._file.write(self.origin, self._tree)

    def replace(self, first_seq: int, lines: Sequence[bytes]) -> None:
        """Write a segment anew with these records in it, as purging does."""
        path = self.directory / "segments" / header.file_name(first_seq)
        head = path.read_bytes().partition(b"\n")[0]
        self._disk.put(path, b"\n".join([head, *lines]) + b"\n")
        self.lines[first_seq : first_seq + len(lines)] = lines


def note(number: int, **changes: object) -> Entry:
    """Return an entry that says which it is."""
    fields: dict[str, object] = {"kind": Kind.EVENT, "at": START + number, "source": "collector-1"}
    fields |= {"data": {"message": f"Note {number}"}, "category": "network", "target": f"sw-{number % 10}"}
    return Entry(**{**fields, **changes})  # type: ignore[arg-type]  # each test knows what it gives
